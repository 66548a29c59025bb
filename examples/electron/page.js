'use strict';
globalThis.database.findCity('杭州').then(({ value, error }) => {
  globalThis.document.getElementById('answer').textContent = error?.text ?? `${value.name}: ${value.length}`;
});
