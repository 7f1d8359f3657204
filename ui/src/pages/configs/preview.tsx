import { useQuery } from '@tanstack/react-query';
import { Link } from '@tanstack/react-router';
import { extConfigKeys, getFull, type ConfigRow } from '../../api/extconfig';
import { useT } from '../../i18n';
import { secretsIn } from '../../lib/secrets';
import { settings } from '../../lib/settings';
import { CodeView } from '../../ui/code/lazy';
import { linkLook } from '../../ui/link';
import { Loaded } from '../../ui/states';

const shownLines = 20;

/** The beginning of a configuration, with its secrets hidden as on its own page. */
export function Preview({ ns, row }: { ns: string; row: ConfigRow }) {
  const t = useT();
  const at = { ns, group: row.groupName, dataId: row.dataId };
  const query = useQuery({ queryKey: [...extConfigKeys.one(at), 'preview', row.md5], queryFn: () => getFull(at) });
  return (
    <Loaded query={query} rows={3}>
      {({ content, type, masks }) => {
        const lines = content.split('\n');
        const last = lines.at(-1) === '' ? lines.length - 1 : lines.length;
        const first = lines.slice(0, shownLines).join('\n').trimEnd();
        const secret = !masks?.length && settings.get().secrets && secretsIn(first).length > 0;
        return (
          <div className="px-3 py-2 pl-10 max-md:pl-3">
            <CodeView text={first} type={type ?? 'text'} label={t.config.contentOf(row.dataId)} hidden={secret ? t.config.secret : undefined} className="max-h-72 overflow-auto rounded-md border border-line bg-surface" />
            <p className="pt-1 text-xs text-fg-2">
              {t.configs.firstLines(Math.min(last, shownLines), last)}{' '}
              <Link to="/ns/$ns/configs/$group/$name" params={{ ns, group: row.groupName, name: row.dataId }} className={`${linkLook} underline`}>
                {t.configs.openIt}
              </Link>
            </p>
          </div>
        );
      }}
    </Loaded>
  );
}
