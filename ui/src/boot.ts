// The first thing that runs, and small: it sends for all that the first view
// needs at once, so that nothing of it waits for another.
import { pageOf } from './app/pages';
import { askEarly } from './early';
import { fetchTexts } from './i18n/fetch';

askEarly('v3/console/ext/capabilities');
askEarly('v3/console/ext/me');
void import('./main');
void fetchTexts();
void pageOf(location.hash)?.load().catch(() => undefined); // the router tells what went wrong
