extension Assets {
  /// The one script: takes in what the streams bring. Every page is whole without it.
  ///
  /// A new page is laid over the old one node by node, so that what has the focus, is scrolled or
  /// is selected stays as it is. Streams are closed while nobody looks: browsers allow six
  /// connections to one server. Running times are counted on between two pages, unless flusterd is
  /// away: then nobody knows.
  static let javascript = """
    'use strict';
    (() => {
      const main = document.getElementById('main');
      const live = document.getElementById('live');
      const logLimit = 2000000;
      let page = null, log = null, laid = performance.now();

      const say = (text, isAway) => {
        live.textContent = text;
        live.classList.toggle('away', Boolean(isAway));
      };

      const lay = (old, fresh) => {
        if (old.hasAttribute('data-keep') && fresh.hasAttribute('data-keep')) return;
        for (const { name } of [...old.attributes]) {
          if (!fresh.hasAttribute(name) && name !== 'open') old.removeAttribute(name);
        }
        for (const { name, value } of [...fresh.attributes]) {
          if (old.getAttribute(name) !== value) old.setAttribute(name, value);
        }
        const known = new Map([...old.children].filter((n) => n.id).map((n) => [n.id, n]));
        let place = old.firstChild;
        const passOver = () => {
          const next = place.nextSibling;
          place.remove();
          place = next;
        };
        for (const node of [...fresh.childNodes]) {
          let there = null;
          if (node.id) {
            there = known.get(node.id);
            while (there && place && place !== there && !place.id) passOver();
          } else if (place && !place.id && place.nodeName === node.nodeName) {
            there = place;
          }
          if (!there) {
            old.insertBefore(node, place);
            continue;
          }
          if (there === place) place = place.nextSibling; else old.insertBefore(there, place);
          if (node.nodeType === Node.ELEMENT_NODE) {
            lay(there, node);
          } else if (there.data !== node.data) {
            there.data = node.data;
          }
        }
        while (place) passOver();
      };

      const followPage = () => {
        if (!main.dataset.live) return;
        const digest = main.dataset.live;
        const query = new URLSearchParams(location.search);
        query.set('digest', digest);
        page = new EventSource('/live' + location.pathname + '?' + query);
        page.addEventListener('page', (event) => {
          const text = '<main id="main">' + event.data + '</main>';
          const fresh = new DOMParser().parseFromString(text, 'text/html').getElementById('main');
          fresh.dataset.live = event.lastEventId;
          lay(main, fresh);
          laid = performance.now();
          if (!log) followLog();
          say('live');
        });
        page.addEventListener('current', () => say('live'));
        page.addEventListener('back', () => say('live'));
        page.addEventListener('away', (event) => say(event.data, true));
        page.onerror = () => say('not connected; this page may be out of date', true);
      };

      const followLog = () => {
        const box = document.getElementById('log');
        if (!box || !box.dataset.log) return;
        log = new EventSource(box.dataset.log);
        log.addEventListener('log', (event) => {
          const isAtEnd = box.scrollHeight - box.scrollTop - box.clientHeight < 40;
          box.append(JSON.parse(event.data));
          const from = new URL(box.dataset.log, location);
          from.searchParams.set('from', event.lastEventId);
          box.dataset.log = from.pathname + from.search;
          while (box.textContent.length > logLimit && box.childNodes.length > 1) {
            box.firstChild.remove();
          }
          if (isAtEnd) box.scrollTop = box.scrollHeight;
          if (!page) say('live');
        });
        log.addEventListener('end', () => {
          delete box.dataset.log;
          log.close();
          if (!page) say('this is all of it');
        });
        log.onopen = () => { if (!page) say('live'); };
        log.onerror = () => { if (!page) say('not connected; there may be more', true); };
      };

      // For how long something has run, as the page itself says it: the two largest units.
      const words = (seconds) => {
        const parts = [
          [Math.floor(seconds / 86400), 'd'], [Math.floor(seconds / 3600) % 24, 'h'],
          [Math.floor(seconds / 60) % 60, 'm'], [seconds % 60, 's'],
        ];
        const first = parts.findIndex(([count]) => count > 0);
        return parts.slice(first, first + 2).filter(([count]) => count > 0)
          .map(([count, unit]) => count + unit).join('');
      };
      const tick = () => {
        if (document.visibilityState !== 'visible' || live.classList.contains('away')) return;
        const passed = performance.now() - laid;
        for (const place of main.querySelectorAll('[data-ran]')) {
          const seconds = Math.floor((Number(place.dataset.ran) + passed) / 1000);
          if (seconds > 0) place.textContent = words(seconds);
        }
      };
      setInterval(tick, 1000);

      const open = () => {
        if (page || log) return;
        followPage();
        followLog();
      };
      const close = () => {
        if (page) page.close();
        if (log) log.close();
        page = log = null;
      };
      const box = document.getElementById('log');
      if (box) box.scrollTop = box.scrollHeight;
      if (document.visibilityState === 'visible') open();
      document.addEventListener('visibilitychange', () => {
        if (document.visibilityState === 'visible') open(); else close();
      });
      addEventListener('pagehide', close);
      addEventListener('pageshow', (event) => { if (event.persisted) open(); });
    })();

    """
}
