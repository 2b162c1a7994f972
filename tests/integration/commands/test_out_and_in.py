"""`bulk export`, `plan`, `get` and the way back in, as a user types them."""

import csv
import hashlib
import json

import polars as pl
import pytest


def requests(server):
    return server.ask("log")["requests"]


def edit(path, key, column, cell):
    with path.open(encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file))
    for row in rows:
        if row["sku"] == key:
            row[column] = cell
    with path.open("w", encoding="utf-8", newline="") as file:
        writer = csv.DictWriter(file, list(rows[0]))
        writer.writeheader()
        writer.writerows(rows)


def test_out_unchanged_in_again_and_one_edited_cell(shell, shop):
    document = shell.json("export", "luminous.products", "all.csv")
    assert (document["operation"], document["status"], document["exit_code"]) == ("export", "completed", 0)
    manifest = json.loads((shell.folder / "all.csv.manifest.json").read_text())
    assert document["manifest"] == manifest
    assert manifest["rows"] == document["destination"]["rows"] == 214
    assert manifest["sha256"] == hashlib.sha256((shell.folder / "all.csv").read_bytes()).hexdigest()
    before = requests(shop)
    again = shell.json("import", "luminous.products", "all.csv")
    assert (again["rows"]["unchanged"], again["requests"]["sent"], requests(shop)) == (214, 0, before)
    assert "read by run" in shell("rows", "last").stdout
    edit(shell.folder / "all.csv", "KTN-7102", "retail_price", "21")
    plan = shell.json("plan", "luminous.products", "all.csv", "--detailed-exitcode", exit_code=10)
    assert plan["rows"] == {"read": 214, "create": 0, "update": 1, "unchanged": 213, "refused": 0, "invalid": 0}
    (change,) = plan["changes"]
    assert (change["key"], change["action"]) == ("KTN-7102", "update")
    assert change["fields"] == [{"field": "retail_price", "old": 19, "new": 21}]
    run = shell.json("import", "luminous.products", "all.csv")
    assert (run["rows"]["updated"], run["rows"]["unchanged"], run["requests"]["sent"]) == (1, 213, 1)
    assert shell.json("get", "luminous.products", "KTN-7102")["retail_price"] == 21
    assert shell.json("plan", "luminous.products", "all.csv", "--detailed-exitcode")["rows"]["unchanged"] == 214


def test_a_plan_for_people_and_as_a_file(shell, shop):
    shell("export", "luminous.products", "all.csv")
    edit(shell.folder / "all.csv", "KTN-7102", "retail_price", "21")
    shown = shell("plan", "luminous.products", "all.csv", "-o", "plan.csv").stdout
    assert "retail_price" in shown
    assert "214 rows read = 0 to create + 1 to update + 213 unchanged" in shown
    plan = pl.read_csv(shell.folder / "plan.csv", infer_schema=False)
    assert plan.select("key", "action", "field", "old", "new").rows() == [
        ("KTN-7102", "update", "retail_price", "19", "21")
    ]


@pytest.mark.parametrize("name", ["all.xlsx", "all.tsv.gz"])
def test_other_formats_come_back_without_a_write(shell, shop, name):
    shell("export", "luminous.products", name)
    assert shell.json("import", "luminous.products", name)["rows"]["unchanged"] == 214


def test_channels_come_back_without_a_write_and_are_never_created_twice(shell, shop, samples):
    assert shell.json("export", "luminous.channels", "channels.csv")["manifest"]["rows"] == 5
    run = shell.json("import", "luminous.channels", "channels.csv")
    assert (run["rows"]["unchanged"], run["rows"]["read"]) == (5, 5)
    again = shell.json("import", "luminous.channels", samples / "channels.csv", "--all", exit_code=3)
    assert again["rows"]["failed"] == 5
    assert {row["code"] for row in shell.json("rows", "last")} == {"label_taken"}
    assert len(shop.ask("state")["luminous"]["channels"]) == 5


def test_since_last_gives_what_has_changed_and_nothing_twice(shell, shop):
    first = shell.json("export", "luminous.products", "first.csv", "--since", "last")
    assert first["manifest"]["records"] == 204
    second = shell.json("export", "luminous.products", "second.csv", "--since", "last")
    assert second["manifest"]["rows"] == 0
    (shell.folder / "change.csv").write_text("sku,retail_price\nKTN-7102,22\n")
    shell.json("import", "luminous.products", "change.csv")
    third = shell.json("export", "luminous.products", "third.csv", "--since", "last")
    assert third["manifest"]["rows"] == 1
    (row,) = pl.read_csv(shell.folder / "third.csv", infer_schema=False).rows(named=True)
    assert (row["sku"], row["name"]) == ("KTN-7102", "Hearthstone Lid, Universal")


def test_filters_columns_and_the_quick_way(shell, shop):
    shell(
        "export", "luminous.products", "dear.csv", "--where", "retail_price[gte]=100", "--columns", "sku,retail_price"
    )
    dear = pl.read_csv(shell.folder / "dear.csv", schema_overrides={"retail_price": pl.Float64})
    assert dear.columns == ["sku", "retail_price"]
    assert dear.height > 0
    assert dear["retail_price"].min() >= 100
    shell("export", "luminous.products", "fast.csv", "--fast")
    assert "category.name" not in pl.read_csv(shell.folder / "fast.csv", infer_schema=False).columns


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["--columns", "sku,retail_prize"], "retail_price"),
        (["--where", "retail_prize=1"], "retail_price"),
        (["--where", "retail_price[near]=1"], "near"),
        (["--since", "yesterday"], "neither a date nor a time"),
        (["--fast", "--where", "retail_price=1"], "--where"),
    ],
)
def test_what_cannot_be_exported_is_said_before_any_request(shell, server, arguments, said):
    done = shell("export", "luminous.products", "all.csv", *arguments, exit_code=2)
    assert said in done.stderr
    assert requests(server) == 0
    assert not list(shell.folder.glob("*all.csv*"))


def test_an_ending_that_no_format_has_is_refused(shell, server):
    assert "all.doc" in shell("export", "luminous.products", "all.doc", exit_code=2).stderr
    assert requests(server) == 0


def test_a_folder_that_does_not_exist_is_a_clear_error(shell, server):
    done = shell("export", "luminous.products", "nowhere/all.csv", exit_code=2)
    assert "nowhere" in done.stderr


def test_get_prints_one_record_without_secrets_or_says_that_there_is_none(shell, shop):
    record = shell.json("get", "luminous.products", "TRL-7001")
    assert set(record["supplier"]) == {"id", "name"}
    assert len(record["variants"]) == 4
    assert shell.json("get", "luminous.products", record["id"], "--match-by", "id")["sku"] == "TRL-7001"
    assert "credentials" not in shell.json("get", "luminous.channels", "1")
    assert "no record" in shell("get", "luminous.products", "NOPE", exit_code=3).stderr
    assert shell.json("get", "luminous.products", "NOPE", exit_code=3)["exit_code"] == 3


def test_an_export_is_among_the_runs_and_has_a_file_instead_of_rows(shell, shop):
    export = shell.json("export", "luminous.products", "all.csv")["run"]
    assert "export" in shell("runs").stdout
    assert "all.csv.manifest.json" in shell("show", "last").stdout
    assert shell.json("show", export)["operation"] == "export"
    assert shell.json("rows", "last") != []
    assert "is an export" in shell("rows", export, exit_code=2).stderr
    assert "bulk export" in shell("resume", export, exit_code=2).stderr
    assert "bulk export" in shell("retry", export, exit_code=2).stderr


def test_a_wrong_token_is_exit_77(shell, server):
    shell.environment["LUMINOUS_API_KEY"] = "wrong"
    shell("export", "luminous.products", "all.csv", exit_code=77)
    shell("get", "luminous.products", "A", exit_code=77)
    (shell.folder / "x.csv").write_text("sku,name\nA,B\n")
    shell("plan", "luminous.products", "x.csv", exit_code=77)


def test_verify_reports_a_conflict_instead_of_overwriting(shell, shop):
    shell("export", "luminous.products", "all.csv")
    (shell.folder / "theirs.csv").write_text("sku,retail_price\nKTN-7102,5\n")
    shell.json("--ledger", "theirs.db", "import", "luminous.products", "theirs.csv")
    edit(shell.folder / "all.csv", "KTN-7102", "retail_price", "21")
    run = shell.json("import", "luminous.products", "all.csv", "--verify", exit_code=3)
    assert (run["rows"]["failed"], run["rows"]["unchanged"]) == (1, 213)
    assert [cause["code"] for cause in run["causes"]] == ["conflict"]
    assert shell.json("get", "luminous.products", "KTN-7102")["retail_price"] == 5


def test_fields_and_templates_show_variants_channels_and_what_is_only_read(shell):
    columns = {one["column"]: one for one in shell.json("fields", "luminous.products")["columns"]}
    assert columns["parent_sku"]["rows"] == "a variant"
    assert columns["created_at"]["read_only"] is True
    document = shell.json("fields", "luminous.channels")
    assert any("warehouseGroupId is required" in rule for rule in document["rules"])
    assert "channelType" in shell("template", "luminous.channels").stdout
    shell("template", "luminous.channels", "-o", "channels.xlsx")
    shell("check", "luminous.channels", "channels.xlsx")
