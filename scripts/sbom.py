"""The list of what is installed, from the lock files, as CycloneDX 1.5 JSON: ``make sbom`` writes ``sbom.json``."""

from __future__ import annotations

import json
import re
import sys
from importlib import metadata
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parent.parent


def python_components(lock: Path) -> list[dict[str, Any]]:
    """One component a pinned package, with the hashes pip checks."""
    components = []
    entries = re.split(r"\n(?=[A-Za-z0-9])", lock.read_text(encoding="utf-8"))
    for entry in entries:
        pinned = re.match(r"([A-Za-z0-9._-]+)(?:\[[^\]]*\])?==([^\s;\\]+)", entry)
        if not pinned:
            continue
        name, version = pinned[1], pinned[2]
        component: dict[str, Any] = {
            "type": "library",
            "name": name,
            "version": version,
            "purl": f"pkg:pypi/{name.lower()}@{version}",
            "hashes": [
                {"alg": "SHA-256", "content": content}
                for content in re.findall(r"--hash=sha256:([0-9a-f]{64})", entry)
            ],
        }
        if license_name := _license(name):
            component["licenses"] = [{"license": {"name": license_name}}]
        components.append(component)
    return components


def _license(name: str) -> str:
    try:
        found = metadata.metadata(name)
    except metadata.PackageNotFoundError:
        return ""
    text = found.get("License-Expression") or found.get("License") or ""
    return text.splitlines()[0][:80] if text else ""


def front_end_components(lock: Path) -> list[dict[str, Any]]:
    """What the front end's lock file names and ships."""
    packages = json.loads(lock.read_text(encoding="utf-8"))["packages"]
    components = []
    for path, about in packages.items():
        if not path.startswith("node_modules/") or about.get("dev"):
            continue
        name = path.rpartition("node_modules/")[2]
        component = {
            "type": "library",
            "name": name,
            "version": about["version"],
            "purl": f"pkg:npm/{name.replace('@', '%40')}@{about['version']}",
        }
        if about.get("license"):
            component["licenses"] = [{"license": {"name": about["license"]}}]
        components.append(component)
    return components


def bill(root: Path = ROOT) -> dict[str, Any]:
    """The whole bill of materials."""
    return {
        "bomFormat": "CycloneDX",
        "specVersion": "1.5",
        "version": 1,
        "metadata": {
            "component": {
                "type": "application",
                "name": "ecoledger",
                "version": metadata.version("ecoledger"),
            }
        },
        "components": python_components(root / "requirements" / "server.txt")
        + front_end_components(root / "frontend" / "package-lock.json"),
    }


if __name__ == "__main__":
    target = Path(sys.argv[1] if len(sys.argv) > 1 else "sbom.json")
    target.write_text(json.dumps(bill(), ensure_ascii=False, indent=1) + "\n", encoding="utf-8")
