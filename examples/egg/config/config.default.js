'use strict';

/** Of each worker process: Egg starts one for each core. */
exports.kingbase = { url: undefined, options: { pool: { max: 5 } } };
