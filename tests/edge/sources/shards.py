"""Small archives and documents: what is in them is drawn."""

from __future__ import annotations

import io
import json
import tarfile
import zipfile

import cv2
from PIL import Image

from tests.edge.drawing import recording, row


def photo(postcode="04524"):
    """Return the content of a PNG."""
    return cv2.imencode(".png", row(postcode)[0])[1].tobytes()


def touch(postcode="67381"):
    """Return the content of a touch recording."""
    return json.dumps(recording(postcode)).encode()


MEMBERS = {
    "a/b.png": photo("04524"),
    "a/b.json": b'{"camera": "pi"}',
    "a/notes.txt": b"no input",
    "a/.hidden.png": photo("11111"),
    "c/touch.json": touch("67381"),
    "d.png": photo("29506"),
}
WANTED = ["a/b.png", "c/touch.json", "d.png"]
POSTCODES = ["04524", "67381", "29506"]


def write_tar(path, members=MEMBERS, mode="w"):
    with tarfile.open(path, mode) as archive:
        folder = tarfile.TarInfo("./a")
        folder.type = tarfile.DIRTYPE
        archive.addfile(folder)
        for name, content in members.items():
            info = tarfile.TarInfo(f"./{name}")
            info.size = len(content)
            archive.addfile(info, io.BytesIO(content))
    return path


def write_zip(path, members=MEMBERS, packing=zipfile.ZIP_DEFLATED):
    with zipfile.ZipFile(path, "w", packing) as archive:
        archive.mkdir("a")
        for name, content in members.items():
            archive.writestr(name, content)
    return path


def write_pages(path, postcodes):
    """Write a TIFF or PDF with a row of boxes on each page."""
    pages = [Image.fromarray(row(code)[0][:, :, ::-1]) for code in postcodes]
    pages[0].save(path, save_all=True, append_images=pages[1:])
    return path
