"""families, weights, data: what there is."""

from __future__ import annotations

from typing import Annotated, Any

import typer

from genstudio.commands._options import Json
from genstudio.commands._output import print_json, print_table


def add_to(app: typer.Typer) -> None:
    app.command()(families)
    app.command()(weights)
    app.command()(data)


def families(
    key: Annotated[str | None, typer.Argument(metavar="KEY", help="One family.")] = None,
    as_json: Json = False,
) -> None:
    """List the families of models, or the settings of one."""
    from genstudio import models

    if key is not None:
        schema = models.family(key).config.model_json_schema()
        if as_json:
            print_json(schema)
        else:
            _print_settings(schema)
        return
    found = models.families()
    if as_json:
        print_json(
            {
                name: {
                    "key": name,
                    "title": family.title,
                    "paper": family.paper,
                    "kinds": family.kinds,
                    "settings": {
                        field: record.default
                        for field, record in family.config.model_fields.items()
                    },
                }
                for name, family in found.items()
            }
        )
    else:
        print_table(("family", "title", "paper"), [(n, f.title, f.paper) for n, f in found.items()])


def _print_settings(schema: dict[str, Any]) -> None:
    rows = []
    for name, field in schema.get("properties", {}).items():
        limits = [
            f"{sign} {field[key]:g}"
            for key, sign in (
                ("minimum", ">="),
                ("exclusiveMinimum", ">"),
                ("maximum", "<="),
                ("exclusiveMaximum", "<"),
            )
            if key in field
        ]
        allowed = ", ".join(map(str, field["enum"])) if "enum" in field else " ".join(limits)
        live = "live" if field.get("live") else ""
        help_text = field.get("description", "")
        rows.append((name, field.get("default"), field.get("unit", ""), allowed, live, help_text))
    print_table(("setting", "default", "unit", "allowed", "", "what it does"), rows)


def weights(as_json: Json = False) -> None:
    """List the models that ship with GenStudio."""
    import genstudio

    cards = genstudio.weights()
    if as_json:
        print_json({name: card.model_dump(mode="json") for name, card in cards.items()})
        return
    rows = [
        (name, card.family, card.data, card.latent_dim, card.n_parameters, card.title)
        for name, card in cards.items()
    ]
    print_table(("name", "family", "data", "latent", "parameters", "title"), rows)


def data(as_json: Json = False) -> None:
    """List the data sets."""
    from genstudio.data import listing

    rows = listing()
    if as_json:
        print_json({row["name"]: row for row in rows})
        return
    print_table(
        ("name", "title", "shape", "here", "what it is"),
        [
            (
                ", ".join(row["names"]),
                row["title"],
                "x".join(map(str, row["shape"])) if row["shape"] else None,
                "ships" if row["ships"] else "yes" if row["available"] else "no",
                row["description"],
            )
            for row in rows
        ],
    )
