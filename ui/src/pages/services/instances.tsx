import { usePath } from '../../app/query';
import { useT } from '../../i18n';
import { Card, PageHead } from '../../ui/page';
import { InstanceTable } from './instancetable';

/** Every instance of the namespace, whatever its service. */
export function InstancesPage() {
  const t = useT();
  const { ns } = usePath();
  return (
    <>
      <PageHead title={t.nav.instances} text={t.instances.text} />
      <Card flush>
        <InstanceTable key={ns} ns={ns} />
      </Card>
    </>
  );
}
