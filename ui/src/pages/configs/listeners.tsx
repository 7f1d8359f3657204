import { keepPreviousData, useQuery } from '@tanstack/react-query';
import { Radio } from 'lucide-react';
import { extConfigKeys, listListeners } from '../../api/extconfig';
import { useAddress, usePaging, usePath, useTyped } from '../../app/query';
import { useT } from '../../i18n';
import { SearchInput, Select } from '../../ui/field';
import { Listing } from '../../ui/listing';
import { ConfigLink } from '../../ui/link';
import { Card, PageHead } from '../../ui/page';
import { Blank } from '../../ui/states';
import { listenerColumns, Partial } from '../config/listenerstab';

/** Which client listens to what in the namespace, and whether it has it. */
export function ListenersPage() {
  const t = useT();
  const { ns } = usePath();
  const [search, change] = useAddress();
  const { page, size } = usePaging();
  const [q, setQ] = useTyped(search.q ?? '', (value) => change({ q: value || undefined, page: undefined }));
  const [ip, setIp] = useTyped(search.ip ?? '', (value) => change({ ip: value || undefined, page: undefined }));
  const asked = { namespaceId: ns, q: search.q, ip: search.ip, state: search.state, pageNo: page, pageSize: size };
  const query = useQuery({ queryKey: extConfigKeys.listeners(asked), queryFn: () => listListeners(asked), placeholderData: keepPreviousData, refetchInterval: 10_000 });
  const config = { key: 'config', title: t.listeners.config, width: '26%', cell: (row: { groupName?: string; dataId?: string }) => <><ConfigLink ns={ns} group={row.groupName ?? ''} dataId={row.dataId ?? ''} tab="listeners" className="font-medium" /><div className="text-xs text-fg-3">{row.groupName}</div></> };
  return (
    <>
      <PageHead title={t.nav.listeners} text={t.listeners.text} />
      <div className="mb-4 empty:hidden"><Partial nodes={query.data?.nodes} /></div>
      <Card flush>
        <div className="flex flex-wrap items-center gap-2 gutter border-b border-line py-3">
          <SearchInput data-filter label={t.configs.find} value={q} onChange={setQ} className="w-full sm:w-80" />
          <SearchInput label={t.listeners.byIp} value={ip} onChange={setIp} className="w-full sm:w-56" />
          <Select aria-label={t.common.state} value={search.state ?? ''} onChange={(event) => change({ state: event.target.value || undefined, page: undefined })} className="w-auto">
            <option value="">{t.listeners.allStates}</option>
            {(['current', 'gray', 'behind'] as const).map((state) => (
              <option key={state} value={state}>
                {t.listeners.states[state]}
              </option>
            ))}
          </Select>
        </div>
        <Listing
          label={t.nav.listeners}
          query={query}
          needs="config"
          columns={[config, ...listenerColumns(t, true)]}
          rowKey={(row) => `${row.node} ${row.address} ${row.groupName} ${row.dataId}`}
          filtered={Boolean(search.q || search.ip || search.state)}
          onClear={() => change({ q: undefined, ip: undefined, state: undefined, page: undefined })}
          empty={<Blank icon={Radio} title={t.listeners.none} text={t.listeners.noneText} />}
        />
      </Card>
    </>
  );
}
