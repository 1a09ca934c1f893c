#!/bin/sh
# Usage: scripts/install.sh VENV cpu|cuda
#
# Makes VENV hold the package with every extra, at the versions of constraints.txt.
# torch comes first and from the right place, because a bare `pip install torch` on Linux
# brings gigabytes of CUDA libraries that a machine without a GPU has no use for.
set -eu

venv=$1
build=$2
torch=$(grep '^torch==' constraints.txt)
base=${PYTHON:-python3}

if [ ! -x "$venv/bin/python" ]; then
    "$base" -c 'import sys; sys.exit(sys.version_info < (3, 11))' || {
        echo "Zhiyin needs Python 3.11 or newer; '$base' is $("$base" --version 2>&1)." \
             "Name another one: make install PYTHON=python3.12" >&2
        exit 1
    }
    "$base" -m venv "$venv" || {
        echo "'$base -m venv' failed; on Debian and Ubuntu: apt-get install python3-venv" >&2
        exit 1
    }
fi

pip() { "$venv/bin/python" -m pip --disable-pip-version-check "$@"; }

# Prints cpu, cuda, or nothing where torch is absent or of another version.
torch_build() {
    "$venv/bin/python" - "$torch" 2>/dev/null <<'PY' || true
import sys
import torch

if torch.__version__.split("+")[0] == sys.argv[1].removeprefix("torch=="):
    print("cuda" if torch.version.cuda else "cpu")
PY
}

install_cpu() {
    # A wheel that lies on this machine (pip's find-links) wins over the network.
    pip install -q --no-index --no-deps "$torch" 2>/dev/null && return
    pip install -q --no-deps "$torch" --index-url https://download.pytorch.org/whl/cpu
}

install_cuda() {
    # An empty find-links, so that a local CPU wheel does not win.
    empty=$(mktemp -d)
    PIP_FIND_LINKS=$empty pip install -q "$torch"
    rmdir "$empty"
}

# What an installation depends on; settings of tools in pyproject.toml are not part of it.
fingerprint() {
    "$venv/bin/python" - "$build" <<'PY'
import hashlib
import sys
import tomllib
from pathlib import Path

settings = tomllib.loads(Path("pyproject.toml").read_text(encoding="utf-8"))
parts = [sys.argv[1], str(Path.cwd()), repr(settings["project"]), repr(settings["build-system"])]
parts += [Path(name).read_text(encoding="utf-8") for name in ("constraints.txt", "scripts/install.sh")]
print(hashlib.sha256("\0".join(parts).encode()).hexdigest())
PY
}

if [ "$(cat "$venv/.fingerprint" 2>/dev/null)" = "$(fingerprint)" ]; then
    exit 0
fi

if [ "$(torch_build)" != "$build" ]; then
    echo "Installing $torch ($build build)"
    pip uninstall -q -y torch 2>/dev/null || true
    "install_$build"
fi

echo "Installing zhiyin with all extras (a few minutes the first time)"
pip install -q -e '.[all]' -c constraints.txt
fingerprint > "$venv/.fingerprint"
