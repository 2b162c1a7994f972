"""Catalogs to load: believable rows, and how to write them down."""

import csv


def write_csv(path, rows, header=None):
    """Rows as dictionaries to a CSV file; gives the path."""
    header = header or list(dict.fromkeys(name for row in rows for name in row))
    with path.open("w", encoding="utf-8", newline="") as file:
        writer = csv.DictWriter(file, header, restval="")
        writer.writeheader()
        writer.writerows(rows)
    return path


def product(number, **cells):
    """A believable good row."""
    return {
        "sku": f"SKU-{number:05}",
        "name": f"Product {number}",
        "category.name": "Garden",
        "retail_price": f"{number % 90 + 9}.{number % 100:02}",
        "product_weight.value": "1.5",
        "product_weight.unit": "lb",
        "tags": "new;garden",
        "sellable": "yes",
    } | cells
