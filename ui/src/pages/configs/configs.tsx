import { keepPreviousData, useQuery } from '@tanstack/react-query';
import { Link, useNavigate } from '@tanstack/react-router';
import { Copy, Download, FilePlus, FileCog, Trash2, Upload } from 'lucide-react';
import { useState } from 'react';
import { configList, exportAddress, extConfigKeys, queryConfigs, type ConfigRow } from '../../api/extconfig';
import { useAddress, usePath } from '../../app/query';
import { may, useMe } from '../../app/server';
import { useT } from '../../i18n';
import { follow } from '../../lib/save';
import { Button } from '../../ui/button';
import { buttonLink } from '../../ui/link';
import { Listing } from '../../ui/listing';
import { Card, PageHead } from '../../ui/page';
import { Blank } from '../../ui/states';
import { CloneDialog } from './clone';
import { configColumns } from './columns';
import { DeleteConfigs } from './delete';
import { ConfigFilter, filterNames, isFiltered } from './filter';

function Selection({ rows, onClone, onDelete, onClear, why }: { rows: ConfigRow[]; onClone: () => void; onDelete: () => void; onClear: () => void; why: string | false }) {
  const t = useT();
  const ns = rows[0]?.namespaceId || 'public';
  return (
    <div role="toolbar" aria-label={t.table.selected(rows.length)} className="sticky bottom-3 z-20 mx-auto mt-3 flex w-fit max-w-full flex-wrap items-center gap-2 rounded-xl border border-line bg-raised px-3 py-2 shadow-pop">
      <span className="px-1 text-sm font-medium">{t.table.selected(rows.length)}</span>
      <Button icon={Download} onClick={() => follow(exportAddress({ namespaceId: ns, ids: rows.map((row) => row.id).join(',') }))}>
        {t.configs.export}
      </Button>
      <Button icon={Copy} onClick={onClone}>
        {t.configs.clone}
      </Button>
      <Button writes icon={Trash2} why={why} onClick={onDelete}>
        {t.common.delete}
      </Button>
      <Button look="ghost" onClick={onClear}>
        {t.common.clear}
      </Button>
    </div>
  );
}

export function ConfigsPage() {
  const t = useT();
  const me = useMe();
  const { ns } = usePath();
  const [search, change] = useAddress();
  const navigate = useNavigate();
  const q = configList(ns, search);
  const query = useQuery({ queryKey: extConfigKeys.list(q), queryFn: ({ signal }) => queryConfigs(q, signal), placeholderData: keepPreviousData });
  const [selected, setSelected] = useState<ReadonlySet<string>>(new Set());
  const [cloning, setCloning] = useState<ConfigRow[]>([]);
  const [deleting, setDeleting] = useState<ConfigRow[]>([]);
  const rows = query.data?.pageItems.filter((row) => selected.has(row.id)) ?? [];
  const writes = may(me, ns, 'config', 'w');
  const clear = () => change({ ...Object.fromEntries(filterNames.map((name) => [name, undefined])), page: undefined });
  const newLink = (
    <Link to="/ns/$ns/configs/new" params={{ ns }} data-key="n" className={buttonLink('primary')}>
      <FilePlus size={15} aria-hidden />
      {t.configs.create}
    </Link>
  );
  const importLink = (
    <Link to="/ns/$ns/import" params={{ ns }} className={buttonLink()}>
      <Upload size={15} aria-hidden />
      {t.configs.import}
    </Link>
  );
  return (
    <>
      <PageHead
        title={t.configs.title}
        actions={
          <>
            <Button icon={Download} onClick={() => follow(exportAddress({ namespaceId: ns, groupName: search.group ?? '', appName: search.app ?? '' }))}>
              {t.configs.exportAll}
            </Button>
            {writes && importLink}
            {writes && newLink}
          </>
        }
      />
      <Card flush>
        <ConfigFilter facets={query.data?.facets} />
        <Listing
          label={t.configs.title}
          query={query}
          needs="config"
          columns={configColumns(t, ns, { onClone: setCloning, onDelete: setDeleting })}
          rowKey={(row: ConfigRow) => row.id}
          nameOf={(row) => row.dataId}
          filtered={isFiltered(search)}
          onClear={clear}
          sort={{ by: search.sort ?? 'dataId', down: search.order === 'desc' }}
          onSort={({ by, down }) => change({ sort: by, order: down ? 'desc' : undefined, page: undefined })}
          selected={selected}
          onSelect={setSelected}
          onOpen={(row) => void navigate({ to: '/ns/$ns/configs/$group/$name', params: { ns, group: row.groupName, name: row.dataId } })}
          empty={
            <Blank icon={FileCog} title={t.configs.none} text={t.configs.noneText}>
              {writes && newLink}
              {writes && importLink}
            </Blank>
          }
        />
      </Card>
      {rows.length > 0 && <Selection rows={rows} onClone={() => setCloning(rows)} onDelete={() => setDeleting(rows)} onClear={() => setSelected(new Set())} why={rows.some((row) => !row.may.includes('w')) && t.configs.mayNot} />}
      {cloning.length > 0 && <CloneDialog ns={ns} rows={cloning} onClose={() => setCloning([])} />}
      {deleting.length > 0 && (
        <DeleteConfigs
          ns={ns}
          rows={deleting}
          onClose={() => setDeleting([])}
          onDone={() => {
            setDeleting([]);
            setSelected(new Set());
          }}
        />
      )}
    </>
  );
}
