"""The undo stack of the pages."""

from pages.ui.runtime.undo_stack import UndoStack


def test_entries_are_undone_and_redone_in_order():
    stack = UndoStack().push("a", limit=9).push("b", limit=9).push("c", limit=9)
    assert stack.redo() == stack and UndoStack().undo() == UndoStack()
    back = stack.undo().undo()
    assert back == UndoStack(("a",), ("c", "b"))
    assert back.redo() == UndoStack(("a", "b"), ("c",)) and back.redo().redo() == stack


def test_a_new_entry_discards_what_was_undone():
    stack = UndoStack(("a",), ("b",)).push("c", limit=9)
    assert stack == UndoStack(("a", "c"))


def test_the_oldest_entries_are_dropped_at_the_limit():
    stack = UndoStack()
    for entry in range(100):
        stack = stack.push(entry, limit=60)
    assert len(stack.done) == 60 and stack.done[-1] == 99
