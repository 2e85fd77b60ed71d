/** Undo and redo over whole states. */

const DEPTH = 100;

/** @template S */
export class UndoStack {
  /** @type {S[]} */ past = [];
  /** @type {S[]} */ future = [];

  get canUndo() { return this.past.length > 0; }
  get canRedo() { return this.future.length > 0; }

  /** Remembers the state before a change. @param {S} state */
  push(state) {
    this.past = [...this.past, state].slice(-DEPTH);
    this.future = [];
  }

  /** The state before the last change, or undefined. @param {S} now @returns {S | undefined} */
  undo(now) { return this.#move(this.past, this.future, now); }

  /** The state that the last undo left, or undefined. @param {S} now @returns {S | undefined} */
  redo(now) { return this.#move(this.future, this.past, now); }

  clear() { this.past = []; this.future = []; }

  #move(from, to, now) {
    if (from.length) to.push(now);
    return from.pop();
  }
}
