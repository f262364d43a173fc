"""TIFF, read and written anew by Pillow: the pixels of every page stay as they are, and nothing else."""

from __future__ import annotations

import warnings
from io import BytesIO
from typing import TYPE_CHECKING, Final

from complaintflow.scrub.refusal import Broken, Unscrubbed

if TYPE_CHECKING:
    from PIL import Image

_MOST_PIXELS: Final = 100_000_000
_MOST_PAGES: Final = 200


def scrub(content: bytes) -> tuple[bytes, list[str]]:
    """The pages alone, and what was left out. Raises Unscrubbed, Broken."""
    try:
        pages = _pages(content)
    except Unscrubbed:
        raise
    except Exception as error:  # whatever a decoder finds wrong
        raise Broken(f"it cannot be read ({type(error).__name__})") from None
    clean = BytesIO()
    compression = "group4" if all(page.mode == "1" for page in pages) else "tiff_adobe_deflate"
    pages[0].save(clean, "TIFF", save_all=True, append_images=pages[1:], compression=compression)
    return clean.getvalue(), ["all but the pixels"]


def _pages(content: bytes) -> list[Image.Image]:
    from PIL import Image, ImageOps

    pages: list[Image.Image] = []
    left = _MOST_PIXELS
    with warnings.catch_warnings(), Image.open(BytesIO(content), formats=["TIFF"]) as image:
        warnings.simplefilter("ignore")  # the sum over all pages is what counts
        for number in range(getattr(image, "n_frames", 1)):
            image.seek(number)
            left -= image.width * image.height
            if left < 0 or number >= _MOST_PAGES:
                raise Unscrubbed("it is too large to be looked through", "send its pages one by one, as JPEG")
            pages.append(_bare(ImageOps.exif_transpose(image)))
    return pages


def _bare(image: Image.Image) -> Image.Image:
    """A picture that has nothing but mode, size, pixels and palette."""
    from PIL import Image

    bare = Image.frombytes(image.mode, image.size, image.tobytes())
    palette = image.getpalette() if image.mode == "P" else None
    if palette is not None:
        bare.putpalette(palette)
    return bare
