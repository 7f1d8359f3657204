import { keepPreviousData, useQuery } from '@tanstack/react-query';
import { Link, useNavigate } from '@tanstack/react-router';
import { Download, FilePlus, FileCog, Upload } from 'lucide-react';
import { useState } from 'react';
import { configList, exportAddress, extConfigKeys, matching, queryConfigs, type ConfigRow } from '../../api/extconfig';
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
import { LabelDialog } from './label';
import { Preview } from './preview';
import { SelectionBar, useSelection, type Chosen } from './selection';

export function ConfigsPage() {
  const t = useT();
  const me = useMe();
  const { ns } = usePath();
  const [search, change] = useAddress();
  const navigate = useNavigate();
  const q = configList(ns, search);
  const query = useQuery({ queryKey: extConfigKeys.list(q), queryFn: ({ signal }) => queryConfigs(q, signal), placeholderData: keepPreviousData });
  const selection = useSelection(ns, search, query.data);
  const [cloning, setCloning] = useState<Chosen>();
  const [labelling, setLabelling] = useState<Chosen>();
  const [deleting, setDeleting] = useState<Chosen>();
  const filtered = isFiltered(search);
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
            <Button icon={Download} onClick={() => follow(exportAddress(filtered ? { namespaceId: ns, query: true, ...matching(q) } : { namespaceId: ns }))}>
              {filtered ? t.configs.exportFound(query.data?.totalCount ?? 0) : t.configs.exportAll}
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
          columns={configColumns(t, ns, { onClone: (rows) => setCloning({ rows }), onDelete: (rows) => setDeleting({ rows }) })}
          rowKey={(row: ConfigRow) => row.id}
          nameOf={(row) => row.dataId}
          detail={(row) => <Preview ns={ns} row={row} />}
          filtered={filtered}
          onClear={clear}
          sort={{ by: search.sort ?? 'dataId', down: search.order === 'desc' }}
          onSort={({ by, down }) => change({ sort: by, order: down ? 'desc' : undefined, page: undefined })}
          selected={selection.selected}
          onSelect={selection.select}
          onOpen={(row) => void navigate({ to: '/ns/$ns/configs/$group/$name', params: { ns, group: row.groupName, name: row.dataId } })}
          empty={
            <Blank icon={FileCog} title={t.configs.none} text={t.configs.noneText}>
              {writes && newLink}
              {writes && importLink}
            </Blank>
          }
        />
      </Card>
      <SelectionBar ns={ns} search={search} filtered={filtered} selection={selection} onClone={setCloning} onLabel={setLabelling} onDelete={setDeleting} />
      {cloning && <CloneDialog ns={ns} chosen={cloning} onClose={() => setCloning(undefined)} />}
      {labelling && (
        <LabelDialog
          ns={ns}
          chosen={labelling}
          onClose={() => setLabelling(undefined)}
          onDone={() => {
            setLabelling(undefined);
            selection.clear();
          }}
        />
      )}
      {deleting && (
        <DeleteConfigs
          ns={ns}
          chosen={deleting}
          onClose={() => setDeleting(undefined)}
          onDone={() => {
            setDeleting(undefined);
            selection.clear();
          }}
        />
      )}
    </>
  );
}
