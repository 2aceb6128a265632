"""The panels: one file each, ending with PANEL = PanelSpec(...)."""
