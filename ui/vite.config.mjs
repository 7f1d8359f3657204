import react from '@vitejs/plugin-react';
import tailwind from '@tailwindcss/vite';

// The pieces that change seldom stand apart, so that a new build costs git little.
const vendors = [
  [/@codemirror|@lezer|style-mod|crelt|w3c-keyname|@marijn/, 'vendor-editor'],
  [/\/yaml\/|smol-toml/, 'vendor-lint'],
  [/uplot/, 'vendor-chart'],
  [/react-dom|\/react\/|scheduler/, 'vendor-react'],
];

const vendor = (id) => {
  if (!id.includes('node_modules')) return undefined;
  return vendors.find(([pattern]) => pattern.test(id))?.[1] ?? 'vendor';
};

// Names without hashes: the server puts the hash of the whole bundle into the path.
const names = {
  entryFileNames: 'assets/[name].js',
  chunkFileNames: 'assets/[name].js',
  assetFileNames: 'assets/[name][extname]',
};

export default {
  base: './',
  plugins: [react(), tailwind()],
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
    rollupOptions: { output: { ...names, manualChunks: vendor } },
  },
  test: { environment: 'node', include: ['src/**/*.test.ts'] },
};
