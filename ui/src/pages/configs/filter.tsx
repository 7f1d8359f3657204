import { SlidersHorizontal } from 'lucide-react';
import { Popover } from 'radix-ui';
import { agoes, type Facet, type FacetName } from '../../api/extconfig';
import { useServer } from '../../app/server';
import { useAddress, useTyped, type Search } from '../../app/query';
import { useT } from '../../i18n';
import { Button } from '../../ui/button';
import { Chips } from '../../ui/chips';
import { Field, Input, SearchInput, Select } from '../../ui/field';
import { Views } from './views';

export const filterNames = ['q', 'id', 'group', 'app', 'type', 'tags', 'desc', 'content', 'by', 'changed', 'state'] as const;

export const isFiltered = (search: Search) => filterNames.some((name) => search[name]);

type Facets = Record<FacetName, Facet[]> | undefined;

function FacetSelect({ label, value, facets = [], onChange }: { label: string; value: string; facets?: Facet[] | undefined; onChange: (value: string) => void }) {
  const t = useT();
  const known = facets.some((facet) => facet.value === value);
  return (
    <Field label={label}>
      {(props) => (
        <Select {...props} value={value} onChange={(event) => onChange(event.target.value)}>
          <option value="">{t.common.all}</option>
          {value && !known && <option value={value}>{value}</option>}
          {facets.filter((facet) => facet.value).map((facet) => (
            <option key={facet.value} value={facet.value}>
              {facet.value} ({facet.count})
            </option>
          ))}
        </Select>
      )}
    </Field>
  );
}

function Typed({ label, value, commit }: { label: string; value: string; commit: (value: string) => void }) {
  const [text, setText] = useTyped(value, commit, 400);
  return <Field label={label}>{(props) => <Input {...props} value={text} onChange={(event) => setText(event.target.value)} />}</Field>;
}

/** All that a list of configs can be narrowed by; it stands in the address. */
export function ConfigFilter({ facets }: { facets: Facets }) {
  const t = useT();
  const has = useServer();
  const [search, change] = useAddress();
  const set = (name: string) => (value: string) => change({ [name]: value || undefined, page: undefined });
  const clear = () => change({ ...Object.fromEntries(filterNames.map((name) => [name, undefined])), page: undefined });
  const [q, setQ] = useTyped(search.q ?? '', set('q'));
  const chips = filterNames.filter((name) => name !== 'q' && search[name]).map((name) => ({ key: name, label: t.configs.filters[name], value: name === 'state' ? t.configs.states[search[name] as 'gray'] : name === 'changed' ? t.configs.agoes[search[name] as '1h'] : search[name]! }));
  return (
    <div className="flex flex-col gap-2 gutter border-b border-line py-3">
      <div className="flex flex-wrap items-center gap-2">
        <SearchInput data-filter label={t.configs.find} value={q} onChange={setQ} className="w-full sm:w-80" />
        <Popover.Root>
          <Popover.Trigger asChild>
            <Button icon={SlidersHorizontal}>
              {t.common.filter}
              {chips.length > 0 && <span className="rounded-full bg-accent px-1.5 text-xs text-accent-fg">{chips.length}</span>}
            </Button>
          </Popover.Trigger>
          <Popover.Portal>
            <Popover.Content align="start" sideOffset={4} collisionPadding={8} aria-label={t.common.filter} className="z-30 grid max-h-(--radix-popover-content-available-height) w-[min(34rem,94vw)] gap-3 overflow-y-auto rounded-lg border border-line bg-raised p-4 shadow-pop sm:grid-cols-2">
              <FacetSelect label={t.common.group} value={search.group ?? ''} facets={facets?.groupName} onChange={set('group')} />
              <FacetSelect label={t.configs.type} value={search.type ?? ''} facets={facets?.type} onChange={set('type')} />
              <FacetSelect label={t.configs.app} value={search.app ?? ''} facets={facets?.appName} onChange={set('app')} />
              <FacetSelect label={t.configs.tags} value={search.tags ?? ''} facets={facets?.tags} onChange={set('tags')} />
              <Field label={t.common.state}>
                {(props) => (
                  <Select {...props} value={search.state ?? ''} onChange={(event) => set('state')(event.target.value)}>
                    <option value="">{t.common.all}</option>
                    {(['gray', 'listened', 'behind'] as const).map((state) => (
                      <option key={state} value={state}>
                        {t.configs.states[state]}
                      </option>
                    ))}
                  </Select>
                )}
              </Field>
              <Field label={t.configs.filters.changed}>
                {(props) => (
                  <Select {...props} value={search.changed ?? ''} onChange={(event) => set('changed')(event.target.value)}>
                    <option value="">{t.configs.anyTime}</option>
                    {Object.keys(agoes).map((ago) => (
                      <option key={ago} value={ago}>
                        {t.configs.agoes[ago as '1h']}
                      </option>
                    ))}
                  </Select>
                )}
              </Field>
              <Typed label={t.configs.filters.id} value={search.id ?? ''} commit={set('id')} />
              <Typed label={t.configs.filters.desc} value={search.desc ?? ''} commit={set('desc')} />
              <Typed label={t.configs.filters.by} value={search.by ?? ''} commit={set('by')} />
              {has.features.contentSearch && (
                <div className="sm:col-span-2">
                  <Typed label={t.configs.filters.content} value={search.content ?? ''} commit={set('content')} />
                </div>
              )}
            </Popover.Content>
          </Popover.Portal>
        </Popover.Root>
        <Views names={filterNames} filtered={isFiltered(search)} />
      </div>
      <Chips chips={chips} onRemove={(key) => set(key)('')} onClear={clear} />
    </div>
  );
}
