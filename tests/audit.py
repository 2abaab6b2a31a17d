"""`make audit`: whether a known vulnerability is in what we install, by pip-audit.

One package is asked for first: where the database knows nothing of it, it can't be reached, which is said in one line.
"""

import json
import re
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Any

REQUIREMENTS = Path(__file__).parent.parent / "requirements"
LOCKED = ("services.txt", "parts.txt", "development.txt", "training.txt", "training-nodeps.txt", "node.txt")
PROBE = "aiohttp"
UNREACHABLE = re.compile(r"connection|resolve|timed out|unreachable|ServiceError|HTTP", re.IGNORECASE)


def audited(path: Path) -> list[dict[str, Any]]:
    """What pip-audit says of each line: `vulns`, or `skip_reason` where it learnt nothing."""
    command = (sys.executable, "-m", "pip_audit", "--requirement", str(path), "--disable-pip", "--no-deps")
    run = subprocess.run([*command, "--format", "json", "--progress-spinner", "off"], capture_output=True, text=True)
    if not run.stdout and not UNREACHABLE.search(run.stderr):
        raise SystemExit(f"audit: pip-audit ended with {run.returncode}:\n{run.stderr[-2000:]}")
    return list(json.loads(run.stdout)["dependencies"]) if run.stdout else []


def database_answers() -> bool:
    version = re.search(rf"^{PROBE}==(\S+)", (REQUIREMENTS / LOCKED[0]).read_text(), re.MULTILINE)
    assert version is not None
    with tempfile.NamedTemporaryFile("w", suffix=".txt") as probe:
        probe.write(f"{PROBE}=={version[1]}\n")
        probe.flush()
        return any("vulns" in found for found in audited(Path(probe.name)))


def main() -> int:
    if not database_answers():
        print("audit: pip-audit's database can't be reached from here; nothing was audited")
        return 0
    by_file = {name: audited(REQUIREMENTS / name) for name in LOCKED}
    if silent := [name for name, found in by_file.items() if not any("vulns" in each for each in found)]:
        print(f"audit: the database fell silent at {', '.join(silent)}; try again")
        return 1
    everything = [found for name in LOCKED for found in by_file[name]]
    skipped = sum("skip_reason" in found for found in everything)
    bad = {
        f"{found['name']} {found['version']}: {vuln['id']}" for found in everything for vuln in found.get("vulns", [])
    }
    print(
        "\n".join(sorted(bad))
        or f"audit: nothing known against {len(everything) - skipped} packages; {skipped} unknown"
    )
    return 1 if bad else 0


if __name__ == "__main__":
    sys.exit(main())
