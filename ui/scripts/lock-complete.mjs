// Adds to package-lock.json the optional packages for other platforms that a
// registry did not offer when the lock was made; without them "npm ci" refuses
// the lock as out of step with package.json.
import { readFileSync, writeFileSync } from 'node:fs';

const file = 'package-lock.json';
const lock = JSON.parse(readFileSync(file, 'utf8'));
const systems = ['android', 'darwin', 'freebsd', 'win32', 'linux', 'openharmony', 'aix', 'netbsd', 'openbsd', 'sunos'];
const processors = ['arm64', 'x64', 'arm', 'ia32', 'ppc64', 's390x', 'riscv64', 'loong64', 'mips64el', 'wasm32'];

const system = (name) => systems.filter((os) => name.includes(os));
const processor = (name) => processors.find((cpu) => new RegExp(`[-.]${cpu}(-|$|eabi)`).test(name)) ?? (/-arm-/.test(name) ? 'arm' : undefined);

let added = 0;
for (const [where, entry] of Object.entries({ ...lock.packages })) {
  if (!where) continue;
  for (const [name, range] of Object.entries(entry.optionalDependencies ?? {})) {
    const key = `node_modules/${name}`;
    if (lock.packages[key] || lock.packages[`${where}/${key}`]) continue;
    const os = system(name);
    const cpu = processor(name);
    lock.packages[key] = {
      version: range.replace(/^[\^~]/, ''),
      optional: true,
      ...(entry.dev ? { dev: true } : {}),
      ...(os.length ? { os } : {}),
      ...(cpu ? { cpu: [cpu] } : {}),
    };
    added += 1;
  }
}
for (const entry of Object.values(lock.packages)) delete entry.resolved;
writeFileSync(file, JSON.stringify(lock, null, 2) + '\n');
console.log(`${added} packages added`);
