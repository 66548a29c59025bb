/** `kci`: libkci; `kingbase-pq`: Kingbase's library under libpq's names; `libpq`: PostgreSQL's own. */
export type ClientLibraryFlavour = 'kci' | 'kingbase-pq' | 'libpq';

/** What a client library can do. Its symbols say so; nothing is assumed from its version. */
export interface ClientLibraryCapabilities {
  /** `…SetSingleRowMode`: rows can be read one by one. */
  singleRowMode: boolean;
  /**
   * `…SetChunkedRowsMode`: a large result of `query` is read in parts of many rows, which costs less than row by row. libpq 17 and
   * later only.
   */
  chunkedRowsMode: boolean;
  /** `…ExecutePrepared_ext`: many rows in one Bind (KingbaseES servers only). */
  multiRowBind: boolean;
  /** `…EncryptPwdConn`: the library can hash a password by the server's method. */
  encryptPassword: boolean;
  /** `…sslInUse` and its kin: the library can say whether a connection is encrypted. */
  tlsInformation: boolean;
  largeObjects: boolean;
  /** `PQcancelCreate` and its kin: a cancel request is encrypted as its connection is. libpq 17 and later only. */
  encryptedCancel: boolean;
  /** `…EnterPipelineMode` and its kin: calls can be sent together (option `pipeline`). libpq 14 and later only. */
  pipeline: boolean;
}
