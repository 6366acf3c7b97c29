"""Every study by its name: a module whose first lines say what it shows.

It has STEPS, the updates of a run unless told otherwise; `grid`, the runs; and
`report`, which writes what they say beside what was published.
"""

from tfdisent.studies import factor_capacity

STUDIES = {"factor_capacity": factor_capacity}
