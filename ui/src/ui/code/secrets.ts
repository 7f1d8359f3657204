import { RangeSetBuilder, type Extension } from '@codemirror/state';
import { Decoration, EditorView, ViewPlugin, WidgetType, type DecorationSet, type ViewUpdate } from '@codemirror/view';
import { secretsIn } from '../../lib/secrets';

class Hidden extends WidgetType {
  constructor(private readonly text: string) {
    super();
  }

  override eq(other: Hidden): boolean {
    return other.text === this.text;
  }

  toDOM(): HTMLElement {
    const element = document.createElement('span');
    element.className = 'cm-secret';
    element.textContent = '••••••••';
    element.title = this.text;
    return element;
  }
}

function hide(view: EditorView, widget: Hidden): DecorationSet {
  const builder = new RangeSetBuilder<Decoration>();
  for (const { from, to } of view.visibleRanges) {
    const start = view.state.doc.lineAt(from).from;
    for (const secret of secretsIn(view.state.sliceDoc(start, view.state.doc.lineAt(to).to))) builder.add(start + secret.from, start + secret.to, Decoration.replace({ widget }));
  }
  return builder.finish();
}

/** Draws dots where the values of secrets stand. The text itself is whole. */
export function hideSecrets(text: string): Extension {
  const widget = new Hidden(text);
  return ViewPlugin.fromClass(
    class {
      decorations: DecorationSet;

      constructor(view: EditorView) {
        this.decorations = hide(view, widget);
      }

      update(update: ViewUpdate) {
        if (update.docChanged || update.viewportChanged) this.decorations = hide(update.view, widget);
      }
    },
    { decorations: (plugin) => plugin.decorations },
  );
}
