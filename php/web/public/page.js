// What makes the page more pleasant. Everything works without it.

// Bars run out, and say so once a minute.
const bars = [...document.querySelectorAll('progress[data-end]')];
const tick = () => {
    for (const bar of bars) {
        const left = Math.max(0, Number(bar.dataset.end) - Date.now() / 1000 - drift);
        const text = bar.parentElement.querySelector('[data-left]');
        const words = left > 0 ? text.dataset.words.replace('#h', String(Math.floor(left / 3600))).replace('#m', String(Math.floor(left / 60) % 60)) : text.dataset.over;
        bar.value = left;
        bar.classList.toggle('low', left * 6 < bar.max);
        if (text.textContent !== words) {
            text.textContent = words;
        }
        const state = bar.closest('article').querySelector('.state[data-over]');
        if (left === 0 && state) {
            state.textContent = state.dataset.over;
            state.classList.replace('valid', 'expired');
        }
    }
};
// The server's clock counts: this machine's may be off.
const drift = bars.length > 0 ? Number(bars[0].dataset.end) - bars[0].value - Date.now() / 1000 : 0;
if (bars.length > 0) {
    setInterval(tick, 5000);
}

// Nothing is sent twice, and slow work is announced.
for (const form of document.querySelectorAll('form')) {
    form.addEventListener('submit', () => {
        // A button that is disabled at once would not be sent with the form.
        setTimeout(() => form.querySelectorAll('button').forEach((button) => { button.disabled = true; }));
        if ('slow' in form.dataset) {
            const working = document.getElementById('working');
            working.textContent = working.dataset.text;
        }
    });
}
// Back from the browser's memory: everything can be used again.
window.addEventListener('pageshow', () => {
    document.querySelectorAll('button[disabled]').forEach((button) => { button.disabled = false; });
    document.getElementById('working').textContent = '';
});

// Long trees can be searched.
const search = document.getElementById('search');
if (search) {
    search.closest('p').hidden = false;
    search.addEventListener('input', () => {
        const wanted = search.value.trim().toLowerCase();
        for (const row of document.querySelectorAll('tr[data-path]')) {
            row.hidden = !row.dataset.path.toLowerCase().includes(wanted) && !row.querySelector(':checked');
        }
    });
    search.addEventListener('keydown', (event) => {
        if (event.key === 'Enter') {
            event.preventDefault();
        }
    });
}
