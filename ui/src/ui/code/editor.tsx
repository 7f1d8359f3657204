import { defaultKeymap, history, historyKeymap, indentWithTab } from '@codemirror/commands';
import { bracketMatching, foldGutter, foldKeymap, indentOnInput, indentUnit } from '@codemirror/language';
import { lintGutter, linter, nextDiagnostic, openLintPanel } from '@codemirror/lint';
import { unifiedMergeView } from '@codemirror/merge';
import { highlightSelectionMatches, search, searchKeymap } from '@codemirror/search';
import { Compartment, EditorState, Prec, type Extension } from '@codemirror/state';
import { drawSelection, EditorView, highlightActiveLine, highlightSpecialChars, keymap, lineNumbers } from '@codemirror/view';
import { useEffect, useImperativeHandle, useRef, type Ref } from 'react';
import { useT, type Dictionary } from '../../i18n';
import { settings } from '../../lib/settings';
import { useStore } from '../../lib/store';
import { check, type Problem } from '../../lib/lint/check';
import { highlighting, languageOf } from './languages';
import { look, quietChanges } from './look';
import { phrases } from './phrases';
import { hideSecrets } from './secrets';

export interface EditorHandle {
  focus(): void;
  goTo(line: number, column: number): void;
  replace(text: string): void;
}

interface Props {
  value: string;
  type: string;
  label: string;
  readOnly?: boolean;
  onChange?: (text: string) => void;
  onProblems?: (problems: Problem[]) => void;
  onCursor?: (line: number, column: number) => void;
  onSubmit?: () => void;
  /** What the text is compared with, in the gutter. */
  original?: string | undefined;
  /** What stands in the place of secrets says this; without it they are shown. */
  hidden?: string | undefined;
  ref?: Ref<EditorHandle>;
}

const lintLimit = 1_000_000; // characters; beyond that checking would be felt while typing

function linting(type: string, words: Dictionary['lint'], report: (problems: Problem[]) => void): Extension {
  return [
    lintGutter(),
    linter(
      async (view) => {
        const text = view.state.doc.toString();
        const problems = text.length > lintLimit ? [] : await check(type, text);
        report(problems);
        return problems.map(({ from, to, severity, code, params }) => ({ from: Math.min(from, text.length), to: Math.min(Math.max(to, from), text.length), severity, message: words[code](params ?? {}) }));
      },
      { delay: 300 },
    ),
  ];
}

// What is typed over a selection is put in by the editor: the browser would wrap
// it in an element with the look of the old text as an inline style, which the
// page's policy refuses.
const plainReplacing = EditorView.domEventHandlers({
  beforeinput(event, view) {
    if (event.inputType !== 'insertText' || event.data === null || view.composing || view.state.readOnly || view.state.selection.main.empty) return false;
    event.preventDefault();
    view.dispatch(view.state.replaceSelection(event.data), { userEvent: 'input.type', scrollIntoView: true });
    return true;
  },
});

function position(state: EditorState): [number, number] {
  const head = state.selection.main.head;
  const line = state.doc.lineAt(head);
  return [line.number, head - line.from + 1];
}

/** The editor of configurations: Escape and then Tab leaves it by keyboard. */
export default function Editor({ value, type, label, readOnly, onChange, onProblems, onCursor, onSubmit, original, hidden, ref }: Props) {
  const t = useT();
  const host = useRef<HTMLDivElement>(null);
  const view = useRef<EditorView>(undefined);
  const calls = useRef({ onChange, onProblems, onCursor, onSubmit });
  calls.current = { onChange, onProblems, onCursor, onSubmit };
  const parts = useRef({ language: new Compartment(), lint: new Compartment(), look: new Compartment(), wrap: new Compartment(), compare: new Compartment(), secrets: new Compartment() });
  const told = useRef<string[]>([]); // texts that went to onChange and have not come back as the value
  const given = useRef(value);
  const { wrap, editorSize } = useStore(settings);
  const compare = original !== undefined;

  const lint = () => (readOnly ? [] : linting(type, t.lint, (problems) => calls.current.onProblems?.(problems)));
  const gutter = () => (original === undefined ? [] : [Prec.highest(quietChanges), unifiedMergeView({ original, mergeControls: false, highlightChanges: false, syntaxHighlightDeletions: false, allowInlineDiffs: false, gutter: true })]);

  useEffect(() => {
    const { language, lint: lintPart, look: lookPart, wrap: wrapPart, compare: comparePart } = parts.current;
    const editor = new EditorView({
      parent: host.current!,
      state: EditorState.create({
        doc: value,
        extensions: [
          phrases(),
          lineNumbers(),
          foldGutter(),
          highlightSpecialChars(),
          plainReplacing,
          history(),
          drawSelection(),
          indentOnInput(),
          indentUnit.of('  '),
          bracketMatching(),
          highlightSelectionMatches(),
          search({ top: true }),
          readOnly ? [EditorState.readOnly.of(true)] : highlightActiveLine(),
          EditorState.allowMultipleSelections.of(true),
          keymap.of([
            { key: 'Mod-s', preventDefault: true, run: () => (calls.current.onSubmit?.(), true) },
            { key: 'F8', run: nextDiagnostic },
            { key: 'Mod-Shift-m', run: openLintPanel },
            ...searchKeymap,
            ...historyKeymap,
            ...foldKeymap,
            ...defaultKeymap,
            indentWithTab,
          ]),
          highlighting,
          language.of(languageOf(type)),
          lintPart.of(lint()),
          lookPart.of(look(editorSize)),
          wrapPart.of(wrap ? EditorView.lineWrapping : []),
          comparePart.of(gutter()),
          parts.current.secrets.of(hidden ? hideSecrets(hidden) : []),
          EditorView.contentAttributes.of({ 'aria-label': readOnly ? label : `${label}. ${t.editor.leave}`, tabindex: '0' }),
          EditorView.updateListener.of((update) => {
            if (update.docChanged && calls.current.onChange) {
              const text = update.state.doc.toString();
              told.current.push(text);
              calls.current.onChange(text);
            }
            if (update.selectionSet || update.docChanged) calls.current.onCursor?.(...position(update.state));
          }),
        ],
      }),
    });
    view.current = editor;
    return () => editor.destroy();
    // The view lives as long as the element; what changes is put into it below.
  }, [readOnly]);

  // A value that the editor itself told may be older than what was typed since: only
  // one that comes from elsewhere replaces the text.
  useEffect(() => {
    const editor = view.current!;
    const back = told.current.lastIndexOf(value);
    const changed = given.current !== value;
    given.current = value;
    if (back >= 0) {
      told.current.splice(0, back + 1);
    } else if (changed && editor.state.doc.toString() !== value) {
      editor.dispatch({ changes: { from: 0, to: editor.state.doc.length, insert: value } });
      told.current = [];
    }
  });
  useEffect(() => view.current!.dispatch({ effects: [parts.current.language.reconfigure(languageOf(type)), parts.current.lint.reconfigure(lint())] }), [type, t]);
  useEffect(() => view.current!.dispatch({ effects: [parts.current.look.reconfigure(look(editorSize)), parts.current.wrap.reconfigure(wrap ? EditorView.lineWrapping : [])] }), [wrap, editorSize]);
  useEffect(() => view.current!.dispatch({ effects: parts.current.compare.reconfigure(gutter()) }), [compare, original]);

  useEffect(() => view.current!.dispatch({ effects: parts.current.secrets.reconfigure(hidden ? hideSecrets(hidden) : []) }), [hidden]);

  useImperativeHandle(ref, () => ({
    focus: () => view.current?.focus(),
    goTo: (line, column) => {
      const editor = view.current!;
      const row = editor.state.doc.line(Math.min(line, editor.state.doc.lines));
      editor.dispatch({ selection: { anchor: Math.min(row.from + column - 1, row.to) }, scrollIntoView: true });
      editor.focus();
    },
    replace: (text) => {
      const editor = view.current!;
      editor.dispatch({ changes: { from: 0, to: editor.state.doc.length, insert: text } });
    },
  }));

  return <div ref={host} className="h-full min-h-0 overflow-hidden" />;
}
