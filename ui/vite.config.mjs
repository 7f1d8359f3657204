import react from '@vitejs/plugin-react';
import tailwind from '@tailwindcss/vite';

// What runs first stands alone; the pieces that change seldom stand apart, so
// that a new build costs git little; and what nearly every page needs is one
// file, for each file is one more request.
const groups = [
  ['boot', /\/src\/(early|app\/pages|i18n\/fetch|lib\/persist)\.ts$/],
  ['vendor-editor', /node_modules\/.*(@codemirror|@lezer|style-mod|crelt|w3c-keyname|@marijn)/],
  ['vendor-lint', /node_modules\/(yaml|smol-toml)\//],
  ['vendor-chart', /node_modules\/uplot\/.*js$/],
  ['vendor-react', /node_modules\/(react-dom|react|scheduler)\//],
  ['vendor', /node_modules\/(?!uplot)/],
  ['app', /\/src\/(api|app|i18n\/(index|errors)|lib\/(?!lint\/|merge3|linediff)|ui\/(?!code\/(?!lazy)|chart)).*\.tsx?$/],
].map(([name, test], i) => ({ name, test, priority: 100 - i }));

// The page names all that the program consists of, not only the little file
// that asks for the rest.
const preload = {
  name: 'preload-program',
  transformIndexHtml: {
    order: 'post',
    handler(page, { bundle }) {
      if (!bundle) return [];
      const names = new Set();
      const visit = (name) => {
        if (names.has(name)) return;
        names.add(name);
        bundle[name].imports.forEach(visit);
      };
      Object.values(bundle).filter((one) => one.facadeModuleId?.endsWith('/src/main.tsx')).forEach((one) => visit(one.fileName));
      const missing = [...names].filter((name) => !page.includes(`"./${name}"`));
      const link = (attrs) => ({ tag: 'link', attrs, injectTo: 'head' });
      return [...missing.map((name) => link({ rel: 'modulepreload', crossorigin: true, href: `./${name}` })), link({ rel: 'stylesheet', href: './assets/main.css' })];
    },
  },
};

// Names without hashes: the server puts the hash of the whole bundle into the path.
const names = {
  entryFileNames: 'assets/[name].js',
  chunkFileNames: 'assets/[name].js',
  assetFileNames: 'assets/[name][extname]',
};

export default {
  base: './',
  plugins: [react(), tailwind(), preload],
  resolve: { dedupe: ['@codemirror/state', '@codemirror/view', 'react', 'react-dom'] },
  worker: { format: 'es', rollupOptions: { output: names } },
  build: {
    outDir: 'dist',
    emptyOutDir: true,
    target: 'es2022',
    assetsInlineLimit: 0,
    modulePreload: { polyfill: false },
    reportCompressedSize: false,
    chunkSizeWarningLimit: 1000,
    rolldownOptions: { preserveEntrySignatures: 'allow-extension', output: { ...names, codeSplitting: { includeDependenciesRecursively: false, groups } } },
  },
  test: { environment: 'node', include: ['src/**/*.test.ts'] },
};
