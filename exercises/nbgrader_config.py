"""nbgrader's settings for this course folder. Run nbgrader here, or `make teach` for its pages in JupyterLab."""

from ospolab.learner import feedback

c = get_config()  # noqa: F821 - nbgrader provides it

c.CourseDirectory.course_id = "ospolab"
# What a learner has to write stops in one line until it is written, and says so; NotYet is imported by the set-up cell.
c.ClearSolutions.code_stub = {"python": "# YOUR CODE HERE\nraise NotYet('write your answer in this cell, or skip it')"}
c.ClearSolutions.text_stub = "*Write your answer here.*"
# Stored forms and curves, so that a reader of the book sees what is asked.
c.GenerateAssignment.preprocessors.append("ospolab.authoring.exercises.ShowCells")
c.ExecutePreprocessor.timeout = 120
# An unfinished or endless cell costs itself and not the class.
c.Execute.timeout = 60
c.Execute.interrupt_on_timeout = True
# The feedback page needs no network, and says what a human has yet to read.
feedback.configure(c)
