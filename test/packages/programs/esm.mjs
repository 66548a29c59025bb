import * as kingbase from 'kingbase-native';
import exercise from './exercise.cjs';

await exercise(kingbase, new URL('worker.mjs', import.meta.url));
