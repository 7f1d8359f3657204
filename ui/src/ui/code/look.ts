import type { Extension } from '@codemirror/state';
import { EditorView } from '@codemirror/view';

// The editor's style sheet is one that no file holds: the page's policy lets it
// through because it names the page's nonce.
const nonce = document.querySelector<HTMLMetaElement>('meta[property=csp-nonce]')?.nonce ?? '';

/** The look of every piece of code: the console's own colours in all themes. */
export const look = (size: number): Extension => [EditorView.cspNonce.of(nonce), theme(size)];

/** While somebody writes, only the gutter tells what they changed. */
export const quietChanges = EditorView.theme({
  '.cm-deletedChunk': { display: 'none' },
  '.cm-changedLine, .cm-insertedLine': { backgroundColor: 'transparent !important' },
});

const theme = (size: number) =>
  EditorView.theme({
    '&': { backgroundColor: 'var(--surface)', color: 'var(--fg)', fontSize: `${size}px`, height: '100%' },
    '&.cm-focused': { outline: 'none' },
    '.cm-scroller': { fontFamily: 'var(--font-mono)', lineHeight: '1.55', overflow: 'auto' },
    '.cm-content': { padding: '8px 0', caretColor: 'var(--fg)' },
    '.cm-cursor': { borderLeftColor: 'var(--fg)' },
    '.cm-gutters': { backgroundColor: 'var(--sunken)', color: 'var(--fg-3)', border: 'none' },
    '.cm-activeLine, .cm-activeLineGutter': { backgroundColor: 'color-mix(in srgb, var(--hover) 60%, transparent)' },
    '&.cm-focused > .cm-scroller > .cm-selectionLayer .cm-selectionBackground, .cm-selectionBackground': { background: 'var(--selected) !important' },
    '.cm-searchMatch': { backgroundColor: 'var(--warn-soft)', outline: '1px solid var(--warn)' },
    '.cm-matchingBracket': { backgroundColor: 'var(--accent-soft) !important', outline: '1px solid var(--accent-text)' },
    '.cm-panels': { backgroundColor: 'var(--raised)', color: 'var(--fg)', borderColor: 'var(--line)' },
    '.cm-panel.cm-search': { padding: '8px', fontSize: '13px' },
    '.cm-textfield': { border: '1px solid var(--line-strong)', borderRadius: '6px', backgroundColor: 'var(--surface)', color: 'var(--fg)', fontSize: '13px' },
    '.cm-button': { border: '1px solid var(--line)', borderRadius: '6px', background: 'var(--surface)', color: 'var(--fg)', fontSize: '13px' },
    '.cm-tooltip': { backgroundColor: 'var(--raised)', color: 'var(--fg)', border: '1px solid var(--line)', borderRadius: '8px' },
    '.cm-diagnostic': { padding: '4px 10px', fontFamily: 'var(--font-sans)', fontSize: '13px' },
    '.cm-secret': { backgroundColor: 'var(--sunken)', color: 'var(--fg-2)', borderRadius: '4px', padding: '0 4px' },
    '.cm-foldPlaceholder': { backgroundColor: 'var(--sunken)', borderColor: 'var(--line)', color: 'var(--fg-2)' },
    '.cm-changedLine, .cm-insertedLine': { backgroundColor: 'var(--add) !important' },
    '.cm-deletedChunk': { backgroundColor: 'var(--remove) !important' },
    '&.cm-merge-a .cm-changedLine': { backgroundColor: 'var(--remove) !important' },
    '.cm-changedText': { background: 'var(--add-strong) !important' },
    '&.cm-merge-a .cm-changedText, .cm-deletedChunk .cm-deletedText': { background: 'var(--remove-strong) !important' },
    '.cm-changeGutter': { width: '3px', paddingLeft: '1px' },
    '.cm-changedLineGutter': { background: 'var(--ok)' },
    '.cm-deletedLineGutter': { background: 'var(--bad)' },
    '.cm-collapsedLines': { background: 'var(--sunken)', color: 'var(--fg-2)', padding: '4px 12px', fontFamily: 'var(--font-sans)', fontSize: '12px' },
    '.cm-collapsedLines::before, .cm-collapsedLines::after': { content: '"⋯"' },
  });
