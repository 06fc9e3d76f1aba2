/// A store as the first version made it, written down, for that format can no longer be made: a job
/// of uid 1000 that waits, one that ended, and one of uid 1001, all with one environment.
enum FirstFormat {
  static let statements: [String] =
    text.split(separator: ";\n").map(String.init) + [
      "PRAGMA application_id = 1181513075", "PRAGMA user_version = 1",
    ]

  private static let text = """
    CREATE TABLE meta (
      one INTEGER PRIMARY KEY CHECK (one = 1),
      id BLOB NOT NULL,
      created INTEGER NOT NULL,
      next_job INTEGER NOT NULL,
      probes INTEGER NOT NULL
    ) STRICT;

    CREATE TABLE job (
      id INTEGER PRIMARY KEY,
      owner INTEGER NOT NULL,
      name TEXT NOT NULL,
      submitted INTEGER NOT NULL,
      array_first INTEGER NOT NULL,
      array_step INTEGER NOT NULL,
      array_count INTEGER NOT NULL,
      array_throttle INTEGER,
      array_explicit INTEGER NOT NULL,
      cpu_millis INTEGER NOT NULL,
      memory_bytes INTEGER,
      resources BLOB,
      retries INTEGER NOT NULL,
      retries_lost INTEGER NOT NULL,
      backoff_first INTEGER NOT NULL,
      backoff_most INTEGER NOT NULL,
      time_limit INTEGER,
      grace INTEGER NOT NULL,
      submitted_held INTEGER NOT NULL,
      state INTEGER NOT NULL,
      started INTEGER,
      ended INTEGER,
      held INTEGER NOT NULL,
      killed_by INTEGER,
      kill_reason TEXT,
      counts BLOB NOT NULL,
      pending BLOB NOT NULL,
      held_tasks BLOB NOT NULL,
      killed_tasks BLOB NOT NULL
    ) STRICT;
    CREATE INDEX job_ended ON job (ended);
    CREATE INDEX job_owner ON job (owner);

    CREATE TABLE environment (
      id INTEGER PRIMARY KEY,
      hash BLOB NOT NULL UNIQUE,
      data BLOB NOT NULL
    ) STRICT;

    CREATE TABLE launch (
      job INTEGER PRIMARY KEY REFERENCES job (id),
      environment INTEGER NOT NULL REFERENCES environment (id),
      data BLOB NOT NULL
    ) STRICT;
    CREATE INDEX launch_environment ON launch (environment);

    CREATE TABLE token (
      job INTEGER PRIMARY KEY REFERENCES job (id),
      owner INTEGER NOT NULL,
      token BLOB NOT NULL,
      at INTEGER NOT NULL,
      UNIQUE (owner, token)
    ) STRICT;

    CREATE TABLE task (
      job INTEGER NOT NULL REFERENCES job (id),
      position INTEGER NOT NULL,
      state INTEGER NOT NULL,
      failures INTEGER NOT NULL,
      preemptions INTEGER NOT NULL,
      attempts INTEGER NOT NULL,
      not_before INTEGER,
      held INTEGER NOT NULL,
      PRIMARY KEY (job, position)
    ) STRICT, WITHOUT ROWID;
    CREATE INDEX task_retrying ON task (job) WHERE state = 1;

    CREATE TABLE attempt (
      job INTEGER NOT NULL REFERENCES job (id),
      position INTEGER NOT NULL,
      number INTEGER NOT NULL,
      uid BLOB NOT NULL,
      worker TEXT NOT NULL,
      cpu_millis INTEGER NOT NULL,
      memory_bytes INTEGER NOT NULL,
      resources BLOB,
      sequence INTEGER NOT NULL,
      assigned INTEGER NOT NULL,
      state INTEGER NOT NULL,
      started INTEGER,
      stop INTEGER,
      stop_by INTEGER,
      stop_reason TEXT,
      stuck INTEGER NOT NULL,
      ended INTEGER,
      final_state INTEGER,
      charged INTEGER,
      cause INTEGER,
      exit_code INTEGER,
      signal INTEGER,
      start_reason INTEGER,
      start_errno INTEGER,
      text TEXT,
      wall_ms INTEGER,
      user_us INTEGER,
      system_us INTEGER,
      peak_memory_bytes INTEGER,
      read_bytes INTEGER,
      written_bytes INTEGER,
      PRIMARY KEY (job, position, number)
    ) STRICT, WITHOUT ROWID;
    CREATE UNIQUE INDEX attempt_open ON attempt (uid) WHERE ended IS NULL;

    CREATE TABLE worker (
      id TEXT PRIMARY KEY,
      owner INTEGER NOT NULL,
      incarnation BLOB NOT NULL,
      boot TEXT NOT NULL,
      cpu_millis INTEGER NOT NULL,
      memory_bytes INTEGER NOT NULL,
      resources BLOB,
      lacks BLOB NOT NULL,
      software TEXT NOT NULL
    ) STRICT, WITHOUT ROWID;
    INSERT INTO meta VALUES (1, randomblob(16), 1700000000000, 4, 0);

    INSERT INTO environment VALUES (1, zeroblob(32), zeroblob(10));

    INSERT INTO launch VALUES (1, 1, x'010203040506'), (2, 1, x'010203'), (3, 1, x'01020304');

    INSERT INTO job
    SELECT id, owner, name, 1, 0, 1, 1, NULL, 0, 1000, NULL, NULL, 0, 100, 1000, 60000, NULL, 5000,
      0, state, NULL, ended, 0, NULL, NULL, counts, pending, x'', x''
    FROM (
      SELECT 1 AS id, 1000 AS owner, 'first' AS name, 1 AS state, NULL AS ended, x'01' AS counts,
        x'0001' AS pending
      UNION ALL SELECT 2, 1000, 'zw', 4, 9, x'00000001', x''
      UNION ALL SELECT 3, 1001, 'third', 1, NULL, x'01', x'0001'
    );
    """
}
