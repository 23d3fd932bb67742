"""A shapefile's parts, or a zip's, in a folder of their own: only what belongs together, under plain names, within limits."""

from __future__ import annotations

import shutil
import struct
import zipfile
import zlib
from collections.abc import Collection
from pathlib import Path, PurePosixPath
from typing import Final

from app.uploads.refused import UploadRefused

PARTS: Final = (".shp", ".shx", ".dbf", ".prj", ".cpg")

ZIP_RATIO: Final = 200
"""How many times a zip's members may be larger than the zip: text compresses 10 to 30 times."""

ZIP_MEMBERS: Final = 1_000


def gather_shapefile(path: Path, folder: Path, *, largest: int) -> Path:
    """The parts of a shapefile, of `largest` bytes together, copied into `folder` as `upload.*`, whatever the case of their suffixes.

    Raises `UploadRefused`.
    """
    parts = {part.suffix.lower(): part for part in path.parent.iterdir() if part.stem == path.stem and part.is_file()}
    _need(set(parts))
    if sum(parts[suffix].stat().st_size for suffix in PARTS if suffix in parts) > largest:
        raise UploadRefused("FILE_TOO_LARGE", f"> {largest:,} B")
    for suffix in PARTS:
        if suffix in parts:
            shutil.copyfile(parts[suffix], folder / f"upload{suffix}")
    return folder / "upload.shp"


def unpack(path: Path, folder: Path, layer: str | None, *, single: Collection[str], largest: int) -> Path:
    """The one shapefile or other file that a zip holds, or the one called `layer`, written to `folder` as `upload.*`.

    `single`: suffixes of files that stand alone; others are left out. `largest`: bytes that it may unpack to. Raises `UploadRefused`:
    not a zip, names that lead out of it, links, too much in it, none or several files.
    """
    try:
        with zipfile.ZipFile(path) as archive:
            members = _plain_members(archive)
            budget = min(largest, max(ZIP_RATIO * path.stat().st_size, 1024 * 1024))
            if sum(member.file_size for member in members) > budget:
                raise UploadRefused("ZIP_BOMB", f"> {budget:,} B")
            chosen = _chosen(members, layer, single)
            written = None
            for member in chosen:
                suffix = PurePosixPath(member.filename).suffix.lower()
                target = folder / f"upload{suffix}"
                budget -= _write(archive, member, target, budget)
                if written is None or suffix == ".shp":
                    written = target
            assert written is not None
            return written
    except (
        zipfile.BadZipFile,
        zlib.error,
        struct.error,
        NotImplementedError,
        EOFError,
        RuntimeError,
        ValueError,
    ) as error:
        raise UploadRefused("UNREADABLE_FILE", f"zip, {type(error).__name__}") from error


def _plain_members(archive: zipfile.ZipFile) -> list[zipfile.ZipInfo]:
    members = [member for member in archive.infolist() if not member.is_dir()]
    if len(members) > ZIP_MEMBERS:
        raise UploadRefused("ZIP_BOMB", f"{len(members):,} > {ZIP_MEMBERS:,}")
    for member in members:
        name = PurePosixPath(member.filename.replace("\\", "/"))
        link = (member.external_attr >> 16) & 0o170000 == 0o120000
        if not name.parts or name.is_absolute() or ".." in name.parts or ":" in name.parts[0] or link:
            raise UploadRefused("ZIP_PATH")
        if member.compress_type not in (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED):
            raise UploadRefused("UNREADABLE_FILE", f"zip, method {member.compress_type}")
    return members


def _chosen(members: list[zipfile.ZipInfo], layer: str | None, single: Collection[str]) -> list[zipfile.ZipInfo]:
    found: dict[str, list[zipfile.ZipInfo]] = {}
    for member in members:
        name = PurePosixPath(_name(member))
        if "__MACOSX" in name.parts or name.suffix.lower() not in (*PARTS, *single):
            continue
        # Parts of a shapefile belong together, any other file stands alone.
        group = str(name.with_suffix("")) if name.suffix.lower() in PARTS else str(name)
        found.setdefault(group, []).append(member)
    names = {
        group: parts
        for group, parts in found.items()
        if any(PurePosixPath(part.filename).suffix.lower() in (".shp", *single) for part in parts)
    }
    if not names and found:
        _need({PurePosixPath(part.filename).suffix.lower() for part in next(iter(found.values()))})
    if layer is not None and len(names) != 1:
        names = {group: parts for group, parts in names.items() if PurePosixPath(group).stem == layer}
    if len(names) != 1:
        listed = [PurePosixPath(group).stem for group in (names or found)]
        raise UploadRefused("LAYER" if listed else "EMPTY_FILE", "、".join(listed), ", ".join(listed))
    (parts,) = names.values()
    suffixes = [PurePosixPath(part.filename).suffix.lower() for part in parts]
    if ".shp" in suffixes:
        _need(set(suffixes))
    if len(set(suffixes)) != len(suffixes):
        raise UploadRefused("ZIP_PATH")
    return parts


def _name(member: zipfile.ZipInfo) -> str:
    """A member's name; Windows writes Chinese names in GBK without saying so, which zipfile reads as code page 437."""
    if not member.flag_bits & 0x800:
        try:
            return member.filename.encode("cp437").decode("gb18030")
        except UnicodeError:
            pass
    return member.filename


def _need(suffixes: set[str]) -> None:
    missing = [suffix for suffix in (".shp", ".shx", ".dbf") if suffix not in suffixes]
    if missing:
        raise UploadRefused("SHAPEFILE_PARTS", ", ".join(missing))


def _write(archive: zipfile.ZipFile, member: zipfile.ZipInfo, target: Path, budget: int) -> int:
    """Bytes written. What the header says of the size is not believed."""
    written = 0
    with archive.open(member) as stream, target.open("wb") as out:
        while block := stream.read(1024 * 1024):
            written += len(block)
            if written > budget:
                raise UploadRefused("ZIP_BOMB", f"> {budget:,} B")
            out.write(block)
    return written
