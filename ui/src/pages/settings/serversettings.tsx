import { useQuery } from '@tanstack/react-query';
import { getSettings } from '../../api/session';
import { useAddress, useTyped } from '../../app/query';
import { useT } from '../../i18n';
import { settings, type Language } from '../../lib/settings';
import { useStore } from '../../lib/store';
import { SearchInput } from '../../ui/field';
import { Card, PageHead } from '../../ui/page';
import { Loaded, NoMatch } from '../../ui/states';
import { Badge } from '../../ui/status';
import { Table } from '../../ui/table';

interface Words {
  title: (text: string) => string;
  doc: (key: string, text: string) => string;
  derived: (text: string) => string;
}

const asSaid: Words = { title: (text) => text, doc: (_, text) => text, derived: (text) => text };

// The server explains its settings in English. In other languages the console does.
async function wordsOf(language: Language): Promise<Words> {
  if (language !== 'zh') return asSaid;
  const zh = await import('./docs.zh');
  return {
    title: (text) => zh.titles[text] ?? text,
    doc: (key, text) => zh.docs[key.replace(/\.\d+$/, '.0')]?.replace('{n}', key.split('.').at(-1)!) ?? text,
    derived: (text) => zh.derived[text] ?? text,
  };
}

// The server says "flag --port": the kind is translated, the name is not.
function Source({ text }: { text: string }) {
  const t = useT();
  const [kind = '', ...name] = text.split(' ');
  const kinds = t.server.sources as Record<string, string>;
  return (
    <span className="flex flex-col items-start gap-0.5">
      <Badge level={kind === 'default' ? 'unknown' : 'info'}>{kinds[kind] ?? kind}</Badge>
      {name.length > 0 && <span className="font-mono text-xs wrap-anywhere text-fg-3">{name.join(' ')}</span>}
    </span>
  );
}

/** Every key of the server, its value, and where that came from. */
export function ServerSettingsPage() {
  const t = useT();
  const [search, change] = useAddress();
  const [q, setQ] = useTyped(search.q ?? '', (value) => change({ q: value || undefined }));
  const { language } = useStore(settings);
  const query = useQuery({
    queryKey: ['server-settings', language],
    queryFn: async () => {
      const [said, words] = await Promise.all([getSettings(), wordsOf(language)]);
      return { ...said, words };
    },
  });
  const wanted = (search.q ?? '').toLowerCase();
  return (
    <>
      <PageHead title={t.nav.server} text={t.server.text} />
      <SearchInput data-filter label={t.server.find} value={q} onChange={setQ} className="mb-4 w-full sm:w-80" />
      <Loaded query={query}>
        {(data) => {
          const sections = [
            ...data.sections.map(({ title, items }) => ({ title: data.words.title(title), items: (items ?? []).map((item) => ({ ...item, value: String(item.value ?? ''), doc: data.words.doc(item.key, item.doc).replaceAll('`', '') })) })),
            { title: t.server.derived, items: (data.derived ?? []).map((item) => ({ ...item, key: data.words.derived(item.key), value: data.words.derived(String(item.value ?? '')), source: 'default', secret: false, doc: '' })) },
          ]
            .map(({ title, items }) => ({ title, items: items.filter((item) => !wanted || `${item.key} ${item.value} ${item.doc}`.toLowerCase().includes(wanted)) }))
            .filter(({ items }) => items.length);
          if (!sections.length) return <NoMatch onClear={() => change({ q: undefined })} />;
          return (
            <div className="flex flex-col gap-4">
              {sections.map(({ title, items }) => (
                <Card key={title} flush title={title}>
                  <Table
                    label={title}
                    rows={items}
                    rowKey={(item) => item.key}
                    columns={[
                      { key: 'key', title: t.common.key, cell: (item) => <div className="min-w-36 py-1"><span className="font-mono text-xs font-medium wrap-anywhere">{item.key}</span>{item.doc && <p className="max-w-3xl text-xs text-fg-3">{item.doc}</p>}</div> },
                      { key: 'value', title: t.common.value, width: '32%', cell: (item) => <span className="block min-w-12 font-mono text-xs wrap-anywhere">{item.value || <span className="text-fg-3">–</span>}</span> },
                      { key: 'source', title: t.server.source, width: '9rem', cell: (item) => <Source text={item.source} /> },
                    ]}
                  />
                </Card>
              ))}
            </div>
          );
        }}
      </Loaded>
    </>
  );
}
