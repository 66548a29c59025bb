import type { OpenClient } from '../client.js';
import { openWith } from './kingbase-native.js';

/** The driver with its option `pipeline`, which not every client library can. */
export const open: OpenClient = (target, options) => openWith(target, options, true);
