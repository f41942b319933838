"""nbgrader's settings for `make teach` on one machine; exercises/nbgrader_config.py is read after it and wins."""

import os

c = get_config()  # noqa: F821 (provided by traitlets)
c.CourseDirectory.course_id = "ospolab"
c.Exchange.root = os.environ["OSPOLAB_EXCHANGE"]
