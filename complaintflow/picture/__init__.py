"""A case on its own diagram: drawn from the file's picture data (BPMN DI), as Modeler draws it, with the case's traces.

    svg = draw(source, Marks(active=..., visited=...))

Reading order: ``model`` (shapes and edges of the file), ``text`` (widths and line breaks), ``icons`` and ``shapes``
(what each element looks like), ``canvas`` (the page, with the marks of a case).
"""

from complaintflow.picture.canvas import Marks, Picture, draw

__all__ = ["Marks", "Picture", "draw"]
