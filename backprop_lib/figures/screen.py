"""The screen on which a scene is seen, as far as drawing has to know it."""

from __future__ import annotations

import anywidget
import traitlets

from backprop_lib.drawing.sharpness import SHARP


class Screen(anywidget.AnyWidget):
    """Says how many pixels of the screen one pixel of the page takes: 1, or 2 for all that has more.

    It says also whether the screen is as narrow as that of a phone. As long as no browser says it, it is the
    sharpest, and not narrow. It is seen nowhere.
    """

    _esm = """
function initialize({ model }) {
  const fine = matchMedia("(min-resolution: 1.01dppx)"), narrow = matchMedia("(max-width: 600px)");
  const tell = () => {
    model.set({ pixels: fine.matches ? 2 : 1, narrow: narrow.matches });
    model.save_changes();
  };
  // A zoom, a window that is moved to another screen, a phone that is turned.
  for (const query of [fine, narrow]) query.addEventListener("change", tell);
  tell();
}
export default { initialize };
"""
    pixels = traitlets.Int(SHARP, min=1, max=SHARP).tag(sync=True)
    narrow = traitlets.Bool(False).tag(sync=True)
