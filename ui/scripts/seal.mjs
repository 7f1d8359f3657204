// Writes dist/BUILD.json: the hash of the sources that made the build, and of
// what was built. With --check it only compares, and needs no installed package.
import { createHash } from 'node:crypto';
import { readdirSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { gzipSync } from 'node:zlib';
import path from 'node:path';
import { fileURLToPath } from 'node:url';

const root = path.dirname(path.dirname(fileURLToPath(import.meta.url)));
const inputs = ['src', 'scripts', 'index.html', 'package.json', 'package-lock.json', 'tsconfig.json', 'vite.config.mjs'];
const initialLimit = 350 * 1024; // bytes of gzipped JavaScript before the first page shows
const limit = 900 * 1024; // bytes of all gzipped JavaScript

const files = (entry) => {
  const full = path.join(root, entry);
  if (!statSync(full).isDirectory()) return [entry];
  return readdirSync(full).sort().flatMap((name) => files(path.posix.join(entry, name)));
};

const hash = (names) => {
  const sum = createHash('sha256');
  for (const name of names.sort()) {
    sum.update(name).update('\0').update(readFileSync(path.join(root, name))).update('\0');
  }
  return sum.digest('hex');
};

const built = () => files('dist').filter((name) => name !== 'dist/BUILD.json');
const state = { source: hash(inputs.flatMap(files)), output: hash(built()) };

const zipped = (name) => gzipSync(readFileSync(path.join(root, name)), { level: 9 }).length;

// What index.html loads, with all that those modules import statically.
const initial = () => {
  const seen = new Set();
  const visit = (name) => {
    if (seen.has(name)) return;
    seen.add(name);
    const text = readFileSync(path.join(root, 'dist/assets', name), 'utf8');
    for (const [, from] of text.matchAll(/(?:from|^import|;import|\})\s*["']\.\/([\w.-]+\.js)["']/g)) visit(from);
  };
  const page = readFileSync(path.join(root, 'dist/index.html'), 'utf8');
  for (const [, name] of page.matchAll(/(?:src|href)="\.\/assets\/([\w.-]+\.js)"/g)) visit(name);
  return [...seen].map((name) => [name, zipped(path.join('dist/assets', name))]);
};

const seal = path.join(root, 'dist/BUILD.json');
if (process.argv.includes('--check')) {
  const said = JSON.parse(readFileSync(seal, 'utf8'));
  for (const key of ['source', 'output']) {
    if (said[key] !== state[key]) {
      console.error(`ui/dist does not belong to these sources (${key}): run "make ui" and commit ui/dist`);
      process.exit(1);
    }
  }
} else {
  writeFileSync(seal, JSON.stringify(state, null, 2) + '\n');
}

const sizes = initial();
const first = sizes.reduce((sum, [, bytes]) => sum + bytes, 0);
const total = built().filter((name) => name.endsWith('.js')).reduce((sum, name) => sum + zipped(name), 0);
console.log(`initial JavaScript: ${(first / 1024).toFixed(1)} KB gzipped of ${(total / 1024).toFixed(1)} KB (${sizes.map(([n, b]) => `${n} ${(b / 1024).toFixed(1)}`).join(', ')})`);
if (first > initialLimit || total > limit) {
  console.error(`more than ${initialLimit / 1024} KB, or ${limit / 1024} KB in all`);
  process.exit(1);
}
