"""What a page asks, and how it judges: exercises, mistakes, and the ledgers of the proofs."""

from backprop_lib.course.attempts import is_grading

# Under nbgrader a page is no page of the reader's own: `marks` undoes what it does to the judge.
if is_grading():
    from backprop_lib.course import marks as marks  # before the page can do anything
