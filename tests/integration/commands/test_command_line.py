"""Every command as a user types it."""

import csv
import json
import re
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Thread

import pytest

ROOT = Path(__file__).parents[3]
README = (ROOT / "README.md").read_text(encoding="utf-8")
CONTRACT = {
    "run", "resource", "operation", "status", "source", "target", "rows", "requests", "seconds", "rows_per_second", "exit_code",
}  # fmt: skip
ROWS = {"read", "invalid", "succeeded", "created", "updated", "unchanged", "failed", "unknown", "not_tried"}


def test_the_import_document_has_the_keys_of_the_contract_and_its_totals_close(shop):
    document = shop.loaded
    assert document.keys() >= CONTRACT
    assert document["rows"].keys() == ROWS
    assert document["source"].keys() >= {"path", "sha256", "rows"}
    assert document["requests"].keys() >= {"sent", "retried", "throttled"}
    rows = document["rows"]
    assert rows["read"] == 200 == rows["succeeded"]
    assert rows["read"] == sum(
        rows[name] for name in ("invalid", "succeeded", "unchanged", "failed", "unknown", "not_tried")
    )
    assert (document["status"], document["exit_code"], document["operation"]) == ("completed", 0, "import")


def test_the_same_products_as_excel_and_parquet_are_unchanged(shell, shop, samples):
    for name in ("products.xlsx", "products.parquet"):
        rows = shell.json("import", "luminous.products", samples / name)["rows"]
        assert (rows["unchanged"], rows["succeeded"]) == (200, 0), name
    assert shop.ask("log")["malformed_total"] == 0


def test_the_second_summary_says_since_which_run_and_that_all_sends_anyway(shell, shop, samples):
    said = shell("import", "luminous.products", samples / "products.csv").stdout
    assert f"200 since run {shop.loaded['run']}" in said
    assert "--all" in said


def test_check_names_every_fault_of_the_sample_and_makes_no_call(shell, samples):
    document = shell.json("check", "luminous.products", samples / "products-with-faults.csv", exit_code=3)
    assert document["rows"] == {"read": 52, "valid": 27, "invalid": 25}
    table = (ROOT / "samples" / "README.md").read_text(encoding="utf-8")
    announced = {int(row) for row in re.findall(r"^\|\s*(\d+)\s*\|", table, flags=re.MULTILINE)}
    assert {violation["row"] for violation in document["violations"]} == announced
    rules = {violation["row"]: violation["rule"] for violation in document["violations"]}
    assert len(set(rules.values())) > 10
    shown = shell("check", "luminous.products", samples / "products-with-faults.csv", exit_code=3).stdout
    for rule in set(rules.values()):
        assert rule in shown
    assert "25 invalid" in shown


def test_check_names_every_fault_of_the_sample_of_channels_and_remarks_upon_the_unusual(shell, samples):
    faults = samples.parent / "commercetools" / "channels-with-faults.csv"
    document = shell.json("check", "commercetools.channels", faults, exit_code=3)
    assert document["rows"] == {"read": 20, "valid": 3, "invalid": 17}
    listed = (ROOT / "samples" / "README.md").read_text(encoding="utf-8")
    announced = re.findall(r"^- row (\d+), `(.+?)`:", listed, flags=re.MULTILINE)
    assert {(violation["row"], violation["column"]) for violation in document["violations"]} == {
        (int(row), column) for row, column in announced
    }
    assert "'kiosk 20' in row 21" in shell("check", "commercetools.channels", faults, exit_code=3).stderr


def test_the_samples_of_channels_are_the_same_as_a_table_and_as_drafts(shell, samples):
    for name in ("channels.csv", "channels.json"):
        rows = shell.json("import", "commercetools.channels", samples.parent / "commercetools" / name, "--sandbox")[
            "rows"
        ]
        assert (rows["read"], rows["created"]) == (30, 30)


def test_names_with_brackets_and_colons_are_shown_as_they_are(shell):
    """A spreadsheet has columns such as `Size [cm]`, which is a mark-up to the library that draws the screen."""
    for name in ("sizes [b].csv", "sizes.csv"):
        (shell.folder / name).write_text("sku,custom_fields.Size [cm],custom_fields.[/b] :smile:\nM-1,#N/A,#REF!\n")
    for line in (["check"], ["import", "--sandbox"]):
        shown = shell(*line, "luminous.products", "*.csv", exit_code=3).stdout
        assert {"custom_fields.Size [cm]", "custom_fields.[/b] :smile:"} <= set(re.split(r"  +", shown))
        assert "sizes [b].csv:2" in shown


def test_a_point_that_may_group_digits_is_a_fault_unless_the_cell_is_known_to_be_right(shell, server):
    shell.environment |= server.environment
    (shell.folder / "right.csv").write_text("sku;name;retail_price\nP-1;a;1.234\nP-2;b;2.345\n")
    shell("import", "luminous.products", "right.csv")
    (shell.folder / "doubtful.csv").write_text("sku;name;retail_price\nP-1;a;1.234\nP-2;b;3.456\nP-3;c;9,5\n")
    document = shell.json("import", "luminous.products", "doubtful.csv", exit_code=3)
    assert (document["rows"]["unchanged"], document["rows"]["invalid"]) == (1, 2)
    assert {cause["code"] for cause in document["causes"]} == {"ambiguous_number", "decimal_comma"}


def test_check_of_a_good_file_is_exit_0(shell, samples):
    assert "no fault found" in shell("check", "luminous.products", samples / "products.csv").stdout


def test_rows_are_written_to_mend_and_the_mended_file_is_retried(shell, refused, samples):
    assert refused["rows"]["invalid"] == 25
    shell("rows", "last", "--status", "failed,invalid", "-o", "fix.csv")
    with (shell.folder / "fix.csv").open(encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file))
    with (samples / "products-with-faults.csv").open(encoding="utf-8", newline="") as file:
        original = list(csv.DictReader(file))
    assert list(rows[0])[-5:] == ["_row", "_status", "_code", "_column", "_message"]
    for row in rows:
        assert {name: row[name] for name in original[0]} == original[int(row["_row"]) - 2]
    mended = [row | {"retail_price": "12.99"} for row in rows if row["_column"] == "retail_price"]
    with (shell.folder / "mended.csv").open("w", encoding="utf-8", newline="") as file:
        writer = csv.DictWriter(file, list(rows[0]))
        writer.writeheader()
        writer.writerows(mended)
    again = shell.json("retry", "last", "--from", "mended.csv")
    assert again["operation"] == "retry"
    assert again["parent"] == refused["run"]
    assert again["rows"]["succeeded"] == len(mended) == again["rows"]["read"]


def test_the_result_file_may_be_a_workbook(shell, refused):
    shell("rows", "last", "--status", "invalid", "-o", "fix.xlsx")
    again = shell.json("retry", "last", "--from", "fix.xlsx", exit_code=3)
    assert again["rows"]["read"] == 25


def test_rows_as_json_have_the_keys_of_the_contract(shell, refused):
    rows = shell.json("rows", "last")
    assert len(rows) == 52
    wanted = {"row", "key", "status", "outcome", "http_status", "attempts", "code", "message", "violations"}
    assert all(row.keys() >= wanted for row in rows)
    invalid = shell.json("rows", "last", "--status", "invalid")
    assert len(invalid) == 25
    assert all(
        violation.keys() >= {"column", "rule", "value", "message"} for row in invalid for violation in row["violations"]
    )


def test_runs_and_show_tell_the_story(shell, refused):
    run = refused["run"]
    assert [one["run"] for one in shell.json("runs")] == [run]
    assert run in shell("runs").stdout
    shown = shell.json("show", run[:13])
    assert shown["run"] == run
    assert sum(cause["count"] for cause in shown["causes"]) >= 25
    assert "duplicate" in shell("show", "last").stdout


def test_standard_input_and_globs_are_sources(shell, server, samples):
    text = (samples / "products.csv").read_text(encoding="utf-8")
    assert shell.json("import", "luminous.products", "-", "--format", "csv", stdin=text)["rows"]["succeeded"] == 200
    lines = ["sku,name\n", "G-1,One\n", "G-2,Two\n"]
    (shell.folder / "part-1.csv").write_text("".join(lines[:2]))
    (shell.folder / "part-2.csv").write_text(lines[0] + lines[2] + "G-1,Three\n")
    document = shell.json("import", "luminous.products", "part-*.csv", exit_code=3)
    assert document["rows"] == dict.fromkeys(ROWS, 0) | {"read": 3, "invalid": 2, "succeeded": 1, "created": 1}
    invalid = shell.json("rows", "last", "--status", "invalid")
    assert [(row["file"], row["row"]) for row in invalid] == [("part-1.csv", 2), ("part-2.csv", 3)]


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (b"", "empty"),
        (b"sku,name\nA,1,2\n", "line 2"),
        (b'sku,name\nA,"x\n', "line 2"),
        (b"sku,name\nA,M\xfcller\n", "line 2"),
        (b"sku,sku\nA,B\n", "sku"),
        (b"sku,nmae\nA,B\n", "name"),
        (b"name\nA\n", "sku"),
    ],
)
def test_a_source_that_cannot_be_read_is_exit_65_with_a_clear_error_and_nothing_sent(shell, server, content, said):
    (shell.folder / "bad.csv").write_bytes(content)
    done = shell("import", "luminous.products", "bad.csv", "--json", exit_code=65)
    assert "bad.csv" in done.stderr
    assert said in done.stderr
    assert server.ask("log")["requests"] == 0
    document = json.loads(done.stdout)
    assert document["exit_code"] == 65
    assert document["error"]["message"]


def test_a_source_that_cannot_be_read_is_said_to_people_in_words_alone(shell):
    (shell.folder / "bad.csv").write_text("sku,name\nA,1,2\n")
    shell.environment |= {"LUMINOUS_BASE_URL": "http://127.0.0.1:9", "LUMINOUS_API_KEY": "x"}
    done = shell("import", "luminous.products", "bad.csv", exit_code=65)
    assert "line 2" in done.stderr
    assert done.stdout == ""


@pytest.mark.parametrize(
    "arguments",
    [
        ("import", "luminous.products"),
        ("import", "luminous.prodcts", "x.csv"),
        ("import", "luminous.products", "x.csv", "--rate", "fast"),
        ("import", "luminous.products", "x.csv", "--max-failures", "many"),
        ("import", "luminous.products", "x.csv", "--mode", "create"),
        ("plan", "luminous.products", "x.csv", "--add-roles"),
        ("import", "luminous.products", "x.csv", "--add-roles", "--remove-roles"),
        ("delete", "luminous.products", "x.csv", "--yes"),
        ("import", "luminous.products", "x.csv", "--max-failures", "101%"),
        ("show", "last"),
        ("show", "nothing"),
        ("rows", "last", "--status", "broken"),
        ("nonsense",),
    ],
)
def test_wrong_usage_is_exit_2_for_people_and_for_scripts(shell, arguments):
    (shell.folder / "x.csv").write_text("sku\nA\n")
    shell.environment |= {"LUMINOUS_BASE_URL": "http://127.0.0.1:9", "LUMINOUS_API_KEY": "x"}
    done = shell(*arguments, "--json", exit_code=2)
    document = json.loads(done.stdout)
    assert (document["exit_code"], document["error"]["type"]) == (2, "UsageError")
    assert document["error"]["message"] in done.stderr


@pytest.mark.parametrize("arguments", [("import", "luminous.products"), ("show", "nothing")])
def test_wrong_usage_is_said_to_people_in_words_alone(shell, arguments):
    done = shell(*arguments, exit_code=2)
    assert done.stderr
    assert done.stdout == ""


def test_faults_of_several_files_are_sorted_by_file_and_row_and_name_their_file(shell):
    (shell.folder / "x1.csv").write_text("sku,retail_price\nA,-1\nB,1\nC,-1\n")
    (shell.folder / "x2.csv").write_text("sku,retail_price\nD,1\nE,-1\nA,1\n")
    document = shell.json("check", "luminous.products", "x*.csv", exit_code=3)
    places = [(violation["file"], violation["row"]) for violation in document["violations"]]
    assert places == sorted(places)
    assert {("x1.csv", 2), ("x1.csv", 4), ("x2.csv", 3)} <= set(places)
    shown = shell("check", "luminous.products", "x*.csv", exit_code=3).stdout
    assert "x1.csv:2, x1.csv:4, x2.csv:3" in shown
    loading = "import", "luminous.products", "x*.csv", "--dry-run", "--sandbox"
    document = shell.json(*loading, exit_code=3)
    assert {"x1.csv"} <= {cause["example"]["file"] for cause in document["causes"]}
    assert "row x1.csv:2" in shell(*loading, exit_code=3).stdout


@pytest.mark.parametrize(
    ("environment", "said"),
    [
        ({}, "LUMINOUS_COMPANY"),
        ({"LUMINOUS_COMPANY": "acme"}, "LUMINOUS_API_KEY"),
        ({"LUMINOUS_COMPANY": "https://acme.api.joinluminous.com", "LUMINOUS_API_KEY": "x"}, "LUMINOUS_COMPANY"),
        ({"LUMINOUS_BASE_URL": "http://example.com/external/api/v1", "LUMINOUS_API_KEY": "x"}, "not encrypted"),
    ],
)
def test_a_missing_or_unsafe_setting_is_exit_78_and_says_which(shell, environment, said):
    (shell.folder / "x.csv").write_text("sku\nA\n")
    shell.environment |= environment
    done = shell("import", "luminous.products", "x.csv", exit_code=78)
    assert said in done.stderr


def test_a_dry_run_needs_no_token(shell):
    (shell.folder / "x.csv").write_text("sku\nA\n")
    shell.environment |= {"LUMINOUS_COMPANY": "acme"}
    assert shell.json("import", "luminous.products", "x.csv", "--dry-run")["rows"]["not_tried"] == 1


def test_exists_tells_every_row_on_the_screen_and_to_scripts_and_writes_them(shell, shop):
    (shell.folder / "keys.csv").write_text("sku,note\nDRY-5210-ORG-10L,kept\nN-1,lost\n")
    found = shell.json("exists", "luminous.products", "keys.csv", "-o", "found.csv", exit_code=3)
    assert [one["exists"] for one in found] == [True, False]
    assert [set(one) for one in found] == [{"row", "key", "exists", "id"}] * 2
    assert (found[0]["row"], found[0]["key"], found[1]["id"]) == (2, "DRY-5210-ORG-10L", None)
    written = (shell.folder / "found.csv").read_text().splitlines()
    assert written == ["sku,note,_exists,_id", f"DRY-5210-ORG-10L,kept,true,{found[0]['id']}", "N-1,lost,false,"]
    said = shell("exists", "luminous.products", "keys.csv", exit_code=3).stdout
    assert "N-1" in said
    assert "2 rows read = 1 there + 1 not there" in said
    assert shell.json("exists", "luminous.products", "keys.csv", "--limit", 1)[0]["exists"]
    assert shop.ask("state") == shop._stocked


def test_exists_with_a_file_that_cannot_be_read_is_one_document(shell, server):
    document = shell.json("exists", "luminous.products", "gone.csv", exit_code=65)
    assert (document["exit_code"], document["error"]["type"]) == (65, "SourceError")


def test_delete_says_that_the_api_cannot_and_help_shows_it_among_what_goes_in_and_out(shell):
    (shell.folder / "keys.csv").write_text("sku\nA\n")
    done = shell("delete", "luminous.products", "keys.csv", "--sandbox", "--yes", exit_code=2)
    assert "luminous.products cannot be deleted" in done.stderr
    commands = re.findall(r"^  ([a-z]+)  ", shell("--help").stdout, flags=re.MULTILINE)
    wanted = ["import", "resume", "retry", "export", "get", "delete", "exists", "plan", "check"]
    assert [name for name in commands if name in wanted] == wanted


def test_one_record_is_got_by_a_key_with_spaces_slashes_and_umlauts(shell, server):
    (shell.folder / "odd.csv").write_text("sku,name\nGröße 5/6 Ä,Odd\n", encoding="utf-8")
    shell("import", "luminous.products", "odd.csv")
    record = shell.json("get", "luminous.products", "Größe 5/6 Ä")
    assert shell.json("get", "luminous.products", record["id"], "--by", "id") == record
    document = shell.json("get", "luminous.products", "Größe 7/8 Ä", exit_code=3)
    assert document["error"]["type"] == "NotFoundError"


def test_the_embedded_sandbox_takes_a_catalog_without_any_setting(shell, samples):
    document = shell.json("import", "luminous.products", samples / "products.csv", "--sandbox")
    assert document["rows"]["created"] == 200
    again = shell.json("import", "luminous.products", samples / "products.csv", "--sandbox")
    assert again["rows"]["created"] == 200  # another sandbox: nothing is there yet


def test_resources_and_fields_describe_what_can_be_loaded(shell):
    assert "luminous.products" in {one["resource"] for one in shell.json("resources")}
    assert "luminous.products" in shell("resources").stdout
    columns = {one["column"]: one for one in shell.json("fields", "luminous.products")["columns"]}
    assert "100" in columns["sku"]["constraints"]
    assert columns["retail_price"]["nullable"]
    assert "retail_price" in shell("fields", "luminous.products").stdout


@pytest.mark.parametrize("name", ["t.csv", "t.xlsx", "t.parquet"])
def test_a_template_is_an_empty_spreadsheet_that_checks_without_fault(shell, name):
    shell("template", "luminous.products", "-o", name)
    assert shell.json("check", "luminous.products", name)["rows"]["read"] == 0


def test_a_template_has_a_column_of_a_language_and_the_parts_of_an_address_in_place_of_json(shell):
    columns = set(shell.json("template", "commercetools.channels")["columns"])
    assert {"key", "roles", "name.en", "description.en", "address.country", "custom.fields"} <= columns
    assert columns.isdisjoint({"name", "description", "address", "geoLocation", "custom"})
    shell("template", "commercetools.channels", "-o", "t.xlsx")
    assert shell.json("check", "commercetools.channels", "t.xlsx")["rows"]["read"] == 0


def test_a_template_without_a_file_is_printed(shell):
    assert "sku,name," in shell("template", "luminous.products").stdout
    assert {"sku", "name", "parent_sku"} <= set(shell.json("template", "luminous.products")["columns"])


@pytest.mark.parametrize(
    ("line", "exit_code"),
    [
        ("import luminous.products good.csv", 0),
        ("import luminous.products bad.csv", 3),
        ("export luminous.products all.csv", 0),
        ("export luminous.products all.csv --columns skew", 2),
        ("check luminous.products good.csv", 0),
        ("check luminous.products bad.csv", 3),
    ],
)
def test_a_quiet_job_says_something_only_if_something_was_not_done(shell, server, line, exit_code):
    (shell.folder / "good.csv").write_text("sku,name\nA,B\n")
    (shell.folder / "bad.csv").write_text("sku,name,retail_price\nA,B,x\n")
    done = shell(*line.split(), "-q", exit_code=exit_code)
    assert bool(done.stdout + done.stderr) == (exit_code != 0)
    if exit_code == 0:
        assert shell.json(*line.split(), "-q")["exit_code"] == 0
        if "check" not in line:
            assert shell("show", "last", "-q").stdout  # what is asked for is data


def test_global_options_may_stand_behind_the_command(shell, samples):
    shell("check", "luminous.products", samples / "products.csv", "-q", "--no-progress", "--ledger", "other.db")


def test_every_inline_command_of_the_readme_names_a_command_and_options_that_exist(shell):
    helped = {}
    for command, rest in re.findall(r"`bulk (?:--\w+ \w+ )?([a-z]+)([^`]*)`", README):
        helped[command] = helped.get(command) or shell(command, "--help").stdout
        for option in re.findall(r"--[a-z-]+", rest):
            assert option in helped[command], f"bulk {command} {rest}"
    assert helped


@pytest.mark.parametrize(
    ("words", "completed"),
    [
        ("bulk import lum", "luminous.products"),
        ("bulk show la", "last"),
        ("bulk ret", "retry"),
        ("bulk del", "delete"),
        ("bulk exists lum", "luminous.channels"),
        ("bulk import --dry", "--dry-run"),
        ("bulk rows last --status inv", "invalid"),
        ("bulk rows last --status failed,un", "failed,unchanged"),
        ("bulk retry last --status unknown,", "unknown,invalid"),
    ],
)
def test_the_shell_completes_commands_options_resources_and_runs(shell, words, completed):
    shell.environment |= {
        "_BULK_COMPLETE": "complete_bash",
        "COMP_WORDS": words,
        "COMP_CWORD": str(len(words.split()) - 1),
    }
    assert completed in shell().stdout.split()


def test_the_version_is_one_document_too(shell):
    assert shell.json("--version") == {"version": shell("--version").stdout.strip()}


class Silent(SimpleHTTPRequestHandler):
    """Serves the files of a folder."""

    def log_message(self, *args):
        pass


def test_the_signature_of_an_address_is_shown_nowhere(shell):
    (shell.folder / "keys.csv").write_text("sku\nSIGNED-1\n", encoding="utf-8")
    with ThreadingHTTPServer(("127.0.0.1", 0), partial(Silent, directory=shell.folder)) as server:
        Thread(target=server.serve_forever, args=(0.01,)).start()
        address = f"http://127.0.0.1:{server.server_port}/keys.csv"
        for command, exit_code in (("check", 0), ("plan", 0), ("exists", 3), ("import", 0)):
            practice = [] if command == "check" else ["--sandbox"]
            done = shell(command, "luminous.products", f"{address}?signature=hushed", *practice, exit_code=exit_code)
            assert address in done.stdout
            assert "hushed" not in done.stdout + done.stderr
        document = shell.json("check", "luminous.products", f"{address}?signature=hushed")
        server.shutdown()
    assert document["source"]["path"] == address


def test_a_header_that_is_not_understood_is_told_with_how_the_file_was_taken(shell):
    (shell.folder / "odd.csv").write_text("sku|nme;x\nA|B;c\n")
    said = shell("check", "luminous.products", "odd.csv", exit_code=65).stderr
    assert "odd.csv: format csv, delimiter" in said
    assert said.index("delimiter") < said.index("error: ")
