"""Forms drawn in Camunda Modeler (form-js JSON), and what data they let in.

`Form.load` reads a file and refuses what it does not know (`problems.find_problems` tells all of that at once);
`Form.validate` checks and cleans data on the server with the rules of form-js 1.23, so that a browser and a server
agree.

Reading order: `form.py` (the whole way of the data in one method), `reading.py` and `details.py` (the file),
`filling.py` (where values come from), `evaluation.py` (what is hidden or computed), `values.py` and `rules.py` (what is
let in), `assembly.py` (what comes out), `patterns.py` (regular expressions in bounded time).
"""

from complaintflow.formjs.component import Component, Option
from complaintflow.formjs.describing import Prompt
from complaintflow.formjs.form import Form

__all__ = ["Component", "Form", "Option", "Prompt"]
