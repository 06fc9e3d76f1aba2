extension Assets {
  /// The one style sheet. Colours are named by what they are for, once for light and once for dark;
  /// each stands out from its ground by 4.5 to 1 or more (WCAG 2.2, 1.4.3).
  static let css = """
    :root {
      color-scheme: light dark;
      --ground: #ffffff; --raised: #f5f6f8; --line: #d9dce1; --text: #1b1f24; --soft: #59616b;
      --link: #1f5a9e; --good: #1a6b3a; --busy: #1f5a9e; --wait: #7a5600; --bad: #b3261e;
    }
    @media (prefers-color-scheme: dark) {
      :root {
        --ground: #14171b; --raised: #1d2126; --line: #343a42; --text: #e4e7eb; --soft: #9aa4af;
        --link: #7fb2ee; --good: #6cc48c; --busy: #7fb2ee; --wait: #dcb35c; --bad: #f28b82;
      }
    }
    * { box-sizing: border-box; }
    html { -webkit-text-size-adjust: 100%; }
    body {
      margin: 0; background: var(--ground); color: var(--text);
      font: 0.9375rem/1.45 system-ui, sans-serif;
    }
    a { color: var(--link); text-decoration: none; }
    a:hover { text-decoration: underline; }
    :focus-visible { outline: 2px solid var(--link); outline-offset: 2px; }
    .skip { position: absolute; left: -99rem; }
    .skip:focus { left: 0.5rem; top: 0.5rem; background: var(--ground); padding: 0.5rem; }
    header {
      display: flex; flex-wrap: wrap; align-items: baseline; gap: 0.25rem 1.5rem;
      padding: 0.6rem 1.25rem; border-bottom: 1px solid var(--line); background: var(--raised);
    }
    .brand { font-weight: 600; }
    .brand small { font-weight: 400; color: var(--soft); }
    nav { display: flex; flex-wrap: wrap; gap: 0.1rem 1.1rem; }
    nav a { color: var(--text); padding: 0.2rem 0; border-bottom: 2px solid transparent; }
    nav a[aria-current] { border-color: var(--link); font-weight: 600; }
    .live { margin-left: auto; color: var(--soft); font-size: 0.8125rem; }
    .live.away { color: var(--bad); }
    main { max-width: 82rem; margin: 0 auto; padding: 1rem 1.25rem 3rem; }
    h1 { font-size: 1.3rem; line-height: 1.3; margin: 0.4rem 0 0.8rem; overflow-wrap: anywhere; }
    h1 .name { font-weight: 400; color: var(--soft); }
    h2 { font-size: 1rem; margin: 1.6rem 0 0.5rem; }
    .sentence { max-width: 60rem; overflow-wrap: anywhere; }
    .alarm { border-left: 3px solid var(--bad); padding: 0.4rem 0.8rem; color: var(--bad); }
    .none { color: var(--soft); }
    .more { margin: 0.6rem 0; }
    .figure { font-variant-numeric: tabular-nums; }
    .cards { list-style: none; margin: 0; padding: 0; display: grid; gap: 0.6rem;
      grid-template-columns: repeat(auto-fill, minmax(8.2rem, 1fr)); }
    .cards a { display: block; height: 100%; padding: 0.6rem 0.8rem; border: 1px solid var(--line);
      border-radius: 6px; color: var(--text); background: var(--raised); }
    .cards a:hover { border-color: var(--link); text-decoration: none; }
    .cards strong { display: block; font-size: 1.35rem; line-height: 1.25; font-weight: 600; }
    .cards span { color: var(--soft); font-size: 0.8125rem; }
    .counts { list-style: none; margin: 0.5rem 0; padding: 0; display: flex; flex-wrap: wrap;
      gap: 0.3rem 1.2rem; }
    .counts strong { color: var(--text); }
    .scroll { overflow-x: auto; border: 1px solid var(--line); border-radius: 6px; }
    table { border-collapse: collapse; width: 100%; }
    th, td { text-align: left; vertical-align: top; padding: 0.35rem 0.7rem; }
    th { font-weight: 600; font-size: 0.8125rem; color: var(--soft); white-space: nowrap;
      background: var(--raised); }
    tr + tr td, tbody td { border-top: 1px solid var(--line); }
    td { overflow-wrap: break-word; max-width: 28rem; }
    td.wide { min-width: 13rem; }
    td.figure, th.figure { text-align: right; white-space: nowrap; }
    time { white-space: nowrap; font-variant-numeric: tabular-nums; }
    .state { white-space: nowrap; color: var(--soft); font-weight: 500; }
    .succeeded, .ready { color: var(--good); }
    .running, .building, .assigned { color: var(--busy); }
    .pending, .unwell, .drained { color: var(--wait); }
    .failed, .killed, .worker-failed, .unschedulable, .preempted, .gang-failed, .silent, .away,
    .missing { color: var(--bad); }
    h1 .state { font-size: 1rem; }
    .facts { margin: 0; display: grid; gap: 0.4rem 1.5rem;
      grid-template-columns: repeat(auto-fill, minmax(15rem, 1fr)); }
    .facts dt { color: var(--soft); font-size: 0.8125rem; }
    .facts dd { margin: 0; overflow-wrap: anywhere; }
    meter { width: 7rem; height: 0.8rem; vertical-align: -0.05rem; }
    meter + .figure { white-space: nowrap; }
    pre { margin: 0 0 0.8rem; padding: 0.6rem 0.8rem; border: 1px solid var(--line);
      border-radius: 6px; background: var(--raised); overflow: auto;
      font: 0.8125rem/1.45 ui-monospace, monospace; }
    pre.command { white-space: pre-wrap; overflow-wrap: anywhere; }
    pre.log { max-height: 75vh; min-height: 2.6rem; white-space: pre-wrap;
      overflow-wrap: anywhere; }
    code { font-family: ui-monospace, monospace; font-size: 0.875em; overflow-wrap: anywhere; }
    .filter { display: flex; flex-wrap: wrap; gap: 0.5rem 1rem; align-items: end;
      margin-bottom: 0.9rem; }
    .filter label { color: var(--soft); font-size: 0.8125rem; }
    input, select, button { display: block; font: inherit; color: var(--text);
      background: var(--ground); border: 1px solid var(--line); border-radius: 4px;
      padding: 0.3rem 0.5rem; max-width: 100%; }
    button { cursor: pointer; background: var(--raised); }
    .picture { overflow-x: auto; }
    .picture svg { display: block; max-width: 100%; }
    .picture rect { fill: currentColor; }
    .picture text { fill: var(--soft); font-size: 0.75rem; }
    .picture .tick { stroke: var(--line); }
    .picture rect.pending { fill: var(--line); }
    .picture rect.hit { fill: transparent; }
    .picture g:hover rect.hit { fill: var(--line); }
    .picture .mark { fill: var(--text); }
    figure.picture { margin: 0 0 0.8rem; }
    figcaption { margin-bottom: 0.2rem; font-weight: 500; }
    figcaption .none { font-weight: 400; }
    .picture + .pair { margin-top: 0.9rem; }
    .picture + .scroll { margin-top: 0.7rem; }
    .picture.waits { max-width: 40rem; }
    .pair { display: grid; gap: 0.4rem 1.6rem;
      grid-template-columns: repeat(auto-fit, minmax(min(100%, 24rem), 1fr)); }
    summary { color: var(--soft); font-size: 0.8125rem; cursor: pointer; width: max-content; }
    details[open] summary { margin-bottom: 0.4rem; }
    details .scroll { max-height: 20rem; overflow-y: auto; }
    @media (max-width: 40rem) {
      header, main { padding-left: 0.8rem; padding-right: 0.8rem; }
      header { position: relative; }
      .live { position: absolute; right: 0.8rem; top: 0.75rem; max-width: 50%; text-align: right; }
      .facts { grid-template-columns: 1fr; }
      .facts div { display: grid; grid-template-columns: 7.5rem 1fr; }
      th, td { padding: 0.3rem 0.5rem; }
    }
    @media (prefers-reduced-motion: no-preference) { .cards a { transition: border-color 0.15s; } }
    @media print { header, .filter, .more { display: none; } }

    """
}
