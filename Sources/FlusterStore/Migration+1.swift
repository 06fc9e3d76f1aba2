extension Migration {
  /// The first format. fluster-store(5) says what the columns mean.
  ///
  /// Foreign keys are declared for readers and `PRAGMA foreign_key_check`, and not enforced: every
  /// insert would look its parent up again, and the core cannot name a job that is not there.
  ///
  /// A restart reads the unfinished jobs (index `job_ended`, where unfinished ones are NULL), open
  /// attempts and retrying tasks (partial indices), and never the table `launch`: what people
  /// submitted is kept apart so that recovery does not read past it.
  static let version1 = """
    CREATE TABLE meta (
      one INTEGER PRIMARY KEY CHECK (one = 1),
      id BLOB NOT NULL,
      created INTEGER NOT NULL,
      next_job INTEGER NOT NULL,
      probes INTEGER NOT NULL
    ) STRICT;
    INSERT INTO meta VALUES (1, randomblob(16), unixepoch() * 1000, 1, 0);

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
    """
}
