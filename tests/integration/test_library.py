"""The program as a library, as its docstring shows it."""

import textwrap

from bulk import api


async def test_the_example_of_the_docstring_loads_a_catalog(luminous, catalog, monkeypatch, tmp_path, capsys):
    catalog(3)
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("LUMINOUS_BASE_URL", luminous.url("luminous"))
    monkeypatch.setenv("LUMINOUS_API_KEY", "t0ken")
    monkeypatch.setenv("BULK_LEDGER", str(tmp_path / "ledger.db"))
    example = textwrap.dedent(api.__doc__.partition("Example::")[2])
    program = f"async def run():\n{textwrap.indent(example, '    ')}"
    namespace = {name: getattr(api, name) for name in ("Session", "Configuration", "Order", "Guards", "Stop")}
    exec(program, namespace)
    await namespace["run"]()
    assert "succeeded=3" in capsys.readouterr().out
