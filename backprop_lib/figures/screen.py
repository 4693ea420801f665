"""The screen on which a scene is seen, as far as drawing has to know it."""

from __future__ import annotations

import anywidget
import traitlets

from backprop_lib.drawing.sharpness import SHARP


class Screen(anywidget.AnyWidget):
    """Says how many pixels of the screen one pixel of the page takes: 1, or 2 for all that has more.

    As long as no browser says it, it is the sharpest. It is seen nowhere.
    """

    _esm = """
function initialize({ model }) {
  const fine = matchMedia("(min-resolution: 1.01dppx)");
  const tell = () => {
    model.set("pixels", fine.matches ? 2 : 1);
    model.save_changes();
  };
  fine.addEventListener("change", tell); // a zoom, or a window that is moved to another screen
  tell();
}
export default { initialize };
"""
    pixels = traitlets.Int(SHARP, min=1, max=SHARP).tag(sync=True)
