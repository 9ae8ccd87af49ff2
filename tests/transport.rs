//! The real transport against servers that misbehave: which stage broke, and whether the server may have seen the request.

#![expect(
    clippy::unwrap_used,
    reason = "a test that meets the unexpected shall panic, in its helper functions, too"
)]

use std::fs::Permissions;
use std::io::{Read, Write};
use std::net::{Shutdown, SocketAddr, TcpListener, TcpStream};
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::thread;
use std::time::{Duration, Instant};

use http::{Method, StatusCode};
use rcgen::{BasicConstraints, CertificateParams, CertifiedIssuer, DnType, IsCa, KeyPair, date_time_ymd};
use rustls::pki_types::{CertificateDer, PrivateKeyDer, PrivatePkcs8KeyDer};
use rustls::{ServerConfig, ServerConnection};
use squeeze_graph::base::cancel::CancelToken;
use squeeze_graph::base::settings::{Settings, Surroundings};
use squeeze_graph::transport::http::HttpTransport;
use squeeze_graph::transport::{Request, Response, Stage, Transport, TransportError, body};
use url::Url;

/// A server that hands every connection to `talk`, each on a thread of its own.
fn server(talk: impl Fn(TcpStream) + Send + Sync + 'static) -> SocketAddr {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap();
    let talk = Arc::new(talk);
    thread::spawn(move || {
        for stream in listener.incoming().flatten() {
            let talk = talk.clone();
            thread::spawn(move || talk(stream));
        }
    });
    address
}

/// Reads a request up to the end of its headers; false if the connection was closed instead.
fn read_request(stream: &mut impl Read) -> bool {
    let mut seen = Vec::new();
    let mut byte = [0];
    while !seen.ends_with(b"\r\n\r\n") {
        match stream.read(&mut byte) {
            Ok(1) => seen.push(byte[0]),
            _ => return false,
        }
    }
    true
}

fn settings() -> Settings {
    Settings {
        connect_timeout: Duration::from_secs(2),
        timeout: Duration::from_millis(500),
        ..Settings::default()
    }
}

fn send(settings: &Settings, url: &str, deadline: Option<Duration>) -> Result<Response, TransportError> {
    let request = Request {
        deadline,
        ..Request::new(Method::GET, Url::parse(url).unwrap())
    };
    HttpTransport::new(settings).send(request, &CancelToken::new())
}

/// The whole body of an answer, or why there is none.
fn fetch(settings: &Settings, url: &str, deadline: Option<Duration>) -> Result<Vec<u8>, TransportError> {
    let mut response = send(settings, url, deadline)?;
    body::read_all(&mut *response.body, 1 << 20, "host")
}

#[test]
fn an_answer_that_comes_slowly_but_steadily_ends_at_a_deadline_beyond_the_idle_limit() {
    let drip = server(|mut stream| {
        read_request(&mut stream);
        let _ = stream.write_all(b"HTTP/1.1 200 OK\r\nContent-Length: 1000000\r\n\r\n");
        // 2 kB a second, in pieces far closer together than the idle limit.
        while stream.write_all(&[b'x'; 200]).is_ok() {
            thread::sleep(Duration::from_millis(100));
        }
    });
    let settings = Settings {
        timeout: Duration::from_secs(1),
        ..settings()
    };
    let url = format!("http://{drip}/");
    let began = Instant::now();
    let error = fetch(&settings, &url, Some(Duration::from_secs(3))).unwrap_err();
    let took = began.elapsed();
    assert_eq!((error.stage, error.sent), (Stage::Timeout, true));
    assert!(took >= Duration::from_secs(3), "it took {took:?}");
    // All of it would take more than eight minutes.
    assert!(took < Duration::from_secs(20), "it took {took:?}");
}

#[test]
fn a_shorter_idle_limit_of_one_request_bounds_silence_and_lets_bytes_come() {
    let silent = server(|mut stream| {
        read_request(&mut stream);
        thread::sleep(Duration::from_secs(10));
    });
    let slow = server(|mut stream| {
        read_request(&mut stream);
        let _ = stream.write_all(b"HTTP/1.1 200 OK\r\nContent-Length: 8000\r\n\r\n");
        for _ in 0..20 {
            thread::sleep(Duration::from_millis(100));
            let _ = stream.write_all(&[b'x'; 400]);
        }
    });
    let transport = HttpTransport::new(&Settings {
        timeout: Duration::from_secs(10),
        ..settings()
    });
    let send = |address: SocketAddr| {
        let request = Request {
            idle: Some(Duration::from_secs(1)),
            ..Request::new(Method::GET, Url::parse(&format!("http://{address}/")).unwrap())
        };
        transport.send(request, &CancelToken::new())
    };
    let began = Instant::now();
    let error = send(silent).err().unwrap();
    assert_eq!(error.stage, Stage::Timeout);
    assert!(began.elapsed() < Duration::from_secs(8), "{:?}", began.elapsed());
    let mut response = send(slow).unwrap();
    assert_eq!(
        body::read_all(&mut *response.body, 1 << 20, "host").unwrap().len(),
        8000
    );
}

#[test]
fn no_client_is_being_built_while_the_process_forks() {
    let forking = squeeze_graph::transport::hold();
    let (told, hears) = std::sync::mpsc::channel();
    thread::spawn(move || told.send(fetch(&settings(), "http://127.0.0.1:1/", None).unwrap_err().stage));
    assert!(hears.recv_timeout(Duration::from_millis(300)).is_err());
    drop(forking);
    assert_eq!(hears.recv().unwrap(), Stage::Connect);
}

#[test]
fn what_breaks_is_named_by_its_stage_and_says_whether_it_was_sent() {
    let unused = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
    let closing = server(|mut stream| {
        read_request(&mut stream);
    });
    let cut = server(|mut stream| {
        read_request(&mut stream);
        let _ = stream.write_all(b"HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\nhalf");
    });
    let cut_chunk = server(|mut stream| {
        read_request(&mut stream);
        let _ = stream.write_all(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n40\r\nhalf");
    });
    let silent = server(|mut stream| {
        read_request(&mut stream);
        thread::sleep(Duration::from_secs(5));
    });
    let silent_body = server(|mut stream| {
        read_request(&mut stream);
        let _ = stream.write_all(b"HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\nhalf");
        thread::sleep(Duration::from_secs(5));
    });
    let nonsense = server(|mut stream| {
        read_request(&mut stream);
        let _ = stream.write_all(b"I speak no HTTP\r\n\r\n");
    });
    let cases = [
        ("refused", unused, Stage::Connect, false),
        ("closed without an answer", closing, Stage::Broken, true),
        ("cut body", cut, Stage::Broken, true),
        ("cut chunk", cut_chunk, Stage::Broken, true),
        ("silent", silent, Stage::Timeout, true),
        ("silent in the body", silent_body, Stage::Timeout, true),
        ("nonsense", nonsense, Stage::Broken, true),
    ];
    for (name, address, stage, sent) in cases {
        let error = fetch(&settings(), &format!("http://{address}/secret-path?secret=query"), None).unwrap_err();
        assert_eq!((error.stage, error.sent), (stage, sent), "{name}: {error}");
        assert!(!error.to_string().contains("secret"), "{name}: {error}");
    }
    let error = fetch(&settings(), "http://no-such-host.invalid/", None).unwrap_err();
    assert_eq!((error.stage, error.sent), (Stage::Dns, false), "{error}");
}

#[test]
fn a_drip_ends_at_the_deadline_and_a_download_without_one_at_the_least_rate() {
    let drip = server(|mut stream| {
        read_request(&mut stream);
        let _ = stream.write_all(b"HTTP/1.1 200 OK\r\nContent-Length: 1000\r\n\r\n");
        while stream.write_all(b"x").is_ok() {
            thread::sleep(Duration::from_millis(100));
        }
    });
    let url = format!("http://{drip}/");
    let slow = Settings {
        timeout: Duration::from_secs(2),
        ..settings()
    };
    for (deadline, least, most) in [(Some(Duration::from_millis(600)), 500, 1500), (None, 1900, 3500)] {
        let began = Instant::now();
        let error = fetch(&slow, &url, deadline).unwrap_err();
        let took = began.elapsed();
        assert_eq!(error.stage, Stage::Timeout, "{error}");
        assert!(
            (Duration::from_millis(least)..Duration::from_millis(most)).contains(&took),
            "{deadline:?} took {took:?}"
        );
    }
}

#[test]
fn the_deadline_counts_while_waiting_for_headers_too() {
    let silent = server(|mut stream| {
        read_request(&mut stream);
        thread::sleep(Duration::from_secs(5));
    });
    let patient = Settings {
        timeout: Duration::from_mins(1),
        ..settings()
    };
    let began = Instant::now();
    let error = fetch(&patient, &format!("http://{silent}/"), Some(Duration::from_millis(300))).unwrap_err();
    assert_eq!(error.stage, Stage::Timeout);
    assert!(began.elapsed() < Duration::from_secs(3));
}

#[test]
fn a_redirect_is_an_answer_and_not_followed() {
    let hits = Arc::new(AtomicUsize::new(0));
    let seen = hits.clone();
    let address = server(move |mut stream| {
        while read_request(&mut stream) {
            seen.fetch_add(1, Ordering::SeqCst);
            let _ = stream.write_all(b"HTTP/1.1 302 Found\r\nLocation: /elsewhere\r\nContent-Length: 0\r\n\r\n");
        }
    });
    let response = send(&settings(), &format!("http://{address}/"), None).unwrap();
    assert_eq!(response.status, StatusCode::FOUND);
    assert_eq!(hits.load(Ordering::SeqCst), 1);
}

#[test]
fn connections_are_kept_and_gzip_is_undone() {
    // "squeezed\n" as `gzip -n` writes it.
    const GZIP: [u8; 29] = [
        31, 139, 8, 0, 0, 0, 0, 0, 2, 255, 43, 46, 44, 77, 77, 173, 74, 77, 225, 2, 0, 102, 237, 188, 83, 9, 0, 0, 0,
    ];
    let connections = Arc::new(AtomicUsize::new(0));
    let counted = connections.clone();
    let address = server(move |mut stream| {
        counted.fetch_add(1, Ordering::SeqCst);
        while read_request(&mut stream) {
            let head = format!(
                "HTTP/1.1 200 OK\r\nContent-Encoding: gzip\r\nContent-Length: {}\r\n\r\n",
                GZIP.len()
            );
            let _ = stream.write_all(head.as_bytes());
            let _ = stream.write_all(&GZIP);
        }
    });
    // By name: `localhost` needs no DNS.
    let url = Url::parse(&format!("http://localhost:{}/", address.port())).unwrap();
    let transport = HttpTransport::new(&settings());
    for _ in 0..5 {
        let request = Request::new(Method::GET, url.clone());
        let mut response = transport.send(request, &CancelToken::new()).unwrap();
        assert_eq!(body::read_all(&mut *response.body, 100, "host").unwrap(), b"squeezed\n");
    }
    assert_eq!(connections.load(Ordering::SeqCst), 1);
}

#[test]
fn a_cancelled_call_sends_nothing() {
    let cancel = CancelToken::new();
    cancel.cancel();
    let url = Url::parse("http://127.0.0.1:1/").unwrap();
    let outcome = HttpTransport::new(&settings()).send(Request::new(Method::GET, url), &cancel);
    let error = outcome.err().unwrap();
    assert_eq!((error.stage, error.sent), (Stage::Cancelled, false));
}

#[test]
fn a_proxy_that_wants_credentials_or_is_not_there_is_named() {
    let asking = server(|mut stream| {
        read_request(&mut stream);
        let _ = stream.write_all(
            b"HTTP/1.1 407 Proxy Authentication Required\r\nProxy-Authenticate: Basic\r\nContent-Length: 0\r\n\r\n",
        );
    });
    let refusing = server(|mut stream| {
        read_request(&mut stream);
        let _ = stream.write_all(b"HTTP/1.1 403 Forbidden\r\nContent-Length: 0\r\n\r\n");
    });
    let unused = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
    let folder = tempfile::tempdir().unwrap();
    let ca_file = write(folder.path(), "ca.pem", &authority("known").pem());
    for (name, proxy, stage) in [
        ("407", asking.to_string(), Stage::Proxy),
        ("403", format!("http://{refusing}"), Stage::Proxy),
        ("nobody there", unused.to_string(), Stage::Proxy),
        (
            "no proxy at all",
            "socks5://127.0.0.1:1".to_owned(),
            Stage::Configuration,
        ),
    ] {
        let settings = Settings {
            proxy: Some(proxy),
            ca_file: Some(ca_file.clone()),
            ..settings()
        };
        let error = fetch(&settings, "https://graph.example/", None).unwrap_err();
        assert_eq!((error.stage, error.sent), (stage, false), "{name}: {error}");
    }
}

#[test]
fn a_proxy_gets_its_credentials_and_loopback_goes_past_it() {
    let (sender, asked) = std::sync::mpsc::channel();
    let sender = std::sync::Mutex::new(sender);
    let proxy = server(move |mut stream| {
        let mut request = vec![0; 4096];
        let count = stream.read(&mut request).unwrap_or(0);
        request.truncate(count);
        let _ = sender
            .lock()
            .unwrap()
            .send(String::from_utf8_lossy(&request).into_owned());
        let _ = stream.write_all(b"HTTP/1.1 407 Again\r\nContent-Length: 0\r\n\r\n");
    });
    let local = server(|mut stream| {
        read_request(&mut stream);
        let _ = stream.write_all(b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok");
    });
    let folder = tempfile::tempdir().unwrap();
    let auth = write(folder.path(), "auth", "user:pass:word\n");
    std::fs::set_permissions(&auth, Permissions::from_mode(0o600)).unwrap();
    let settings = Settings {
        proxy: Some(proxy.to_string()),
        proxy_auth_file: Some(auth),
        ca_file: Some(write(folder.path(), "ca.pem", &authority("known").pem())),
        ..settings()
    };
    fetch(&settings, "https://graph.example/", None).unwrap_err();
    let request = asked.recv_timeout(Duration::from_secs(5)).unwrap().to_lowercase();
    assert!(request.starts_with("connect graph.example:443"), "{request}");
    // base64("user:pass:word")
    assert!(
        request.contains("proxy-authorization: basic dxnlcjpwyxnzondvcmq="),
        "{request}"
    );
    assert_eq!(fetch(&settings, &format!("http://{local}/"), None).unwrap(), b"ok");
    assert!(asked.try_recv().is_err());
}

fn write(folder: &Path, name: &str, content: &str) -> PathBuf {
    let path = folder.join(name);
    std::fs::write(&path, content).unwrap();
    path
}

fn authority(name: &str) -> CertifiedIssuer<'static, KeyPair> {
    let mut parameters = CertificateParams::new(Vec::new()).unwrap();
    parameters.distinguished_name.push(DnType::CommonName, name);
    parameters.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
    CertifiedIssuer::self_signed(parameters, KeyPair::generate().unwrap()).unwrap()
}

/// A TLS server on loopback with a certificate of `issuer` for `name`; how many connections were made.
fn tls_server(issuer: &CertifiedIssuer<'static, KeyPair>, name: &str, expired: bool) -> (SocketAddr, Arc<AtomicUsize>) {
    let key = KeyPair::generate().unwrap();
    let mut parameters = CertificateParams::new(vec![name.to_owned()]).unwrap();
    if expired {
        parameters.not_before = date_time_ymd(2019, 1, 1);
        parameters.not_after = date_time_ymd(2020, 1, 1);
    }
    let certificate = parameters.signed_by(&key, issuer).unwrap();
    let chain: Vec<CertificateDer<'static>> = vec![certificate.der().clone()];
    let key = PrivateKeyDer::Pkcs8(PrivatePkcs8KeyDer::from(key.serialize_der()));
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let mut config = ServerConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .unwrap()
        .with_no_client_auth()
        .with_single_cert(chain, key)
        .unwrap();
    config.alpn_protocols = vec![b"http/1.1".to_vec()];
    let config = Arc::new(config);
    let connections = Arc::new(AtomicUsize::new(0));
    let counted = connections.clone();
    let address = server(move |stream| {
        counted.fetch_add(1, Ordering::SeqCst);
        let mut stream = rustls::StreamOwned::new(ServerConnection::new(config.clone()).unwrap(), stream);
        while read_request(&mut stream) {
            let _ = stream.write_all(b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok");
            let _ = stream.flush();
        }
        let _ = stream.sock.shutdown(Shutdown::Both);
    });
    (address, connections)
}

#[test]
fn only_a_certificate_that_is_known_in_time_and_for_this_name_is_trusted() {
    let known = authority("known");
    let folder = tempfile::tempdir().unwrap();
    let settings = Settings {
        ca_file: Some(write(folder.path(), "ca.pem", &known.pem())),
        ..settings()
    };
    let cases = [
        ("known", tls_server(&known, "localhost", false).0, None),
        (
            "unknown issuer",
            tls_server(&authority("stranger"), "localhost", false).0,
            Some("UnknownIssuer"),
        ),
        ("expired", tls_server(&known, "localhost", true).0, Some("expired")),
        (
            "another name",
            tls_server(&known, "graph.example", false).0,
            Some("not valid for"),
        ),
    ];
    for (name, address, expected) in cases {
        let outcome = fetch(&settings, &format!("https://localhost:{}/", address.port()), None);
        match (outcome, expected) {
            (Ok(body), None) => assert_eq!(body, b"ok"),
            (Err(error), Some(words)) => {
                assert_eq!((error.stage, error.sent), (Stage::Tls, false), "{name}: {error}");
                assert!(error.reason.contains(words), "{name}: {error}");
            }
            (outcome, _) => panic!("{name}: {outcome:?}"),
        }
    }
}

#[test]
fn a_ca_file_that_cannot_be_used_stops_https_and_not_http() {
    let local = server(|mut stream| {
        read_request(&mut stream);
        let _ = stream.write_all(b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok");
    });
    let settings = Settings {
        ca_file: Some(PathBuf::from("/nonexistent/ca.pem")),
        ..settings()
    };
    assert_eq!(fetch(&settings, &format!("http://{local}/"), None).unwrap(), b"ok");
    let error = fetch(&settings, "https://localhost:1/", None).unwrap_err();
    assert_eq!((error.stage, error.sent), (Stage::Configuration, false));
    assert!(error.reason.contains("/nonexistent/ca.pem"), "{error}");
}

#[test]
fn a_worker_shakes_hands_once() {
    let known = authority("known");
    let (address, connections) = tls_server(&known, "localhost", false);
    let folder = tempfile::tempdir().unwrap();
    let settings = Settings {
        ca_file: Some(write(folder.path(), "ca.pem", &known.pem())),
        ..settings()
    };
    let transport = HttpTransport::new(&settings);
    let url = Url::parse(&format!("https://localhost:{}/", address.port())).unwrap();
    for _ in 0..10 {
        let request = Request::new(Method::GET, url.clone());
        let mut response = transport.send(request, &CancelToken::new()).unwrap();
        assert_eq!(body::read_all(&mut *response.body, 100, "host").unwrap(), b"ok");
    }
    assert_eq!(connections.load(Ordering::SeqCst), 1);
}

/// The settings of a machine that has no CA store.
fn settings_without_trust() -> Settings {
    Settings {
        surroundings: Surroundings {
            ca_bundle: Some("/nonexistent/ca.pem".into()),
            ca_folder: Some("/nonexistent".into()),
            ..Surroundings::default()
        },
        ..settings()
    }
}

/// The settings of a machine whose CA store is this file.
fn settings_with_bundle(path: PathBuf) -> Settings {
    Settings {
        surroundings: Surroundings {
            ca_bundle: Some(path),
            ..Surroundings::default()
        },
        ..settings()
    }
}

#[test]
fn without_a_ca_store_http_works_and_https_says_what_is_missing() {
    let settings = settings_without_trust();
    let local = server(|mut stream| {
        read_request(&mut stream);
        let _ = stream.write_all(b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok");
    });
    assert_eq!(fetch(&settings, &format!("http://{local}/"), None).unwrap(), b"ok");
    let known = authority("known");
    let (address, _) = tls_server(&known, "localhost", false);
    let url = format!("https://localhost:{}/", address.port());
    let error = fetch(&settings, &url, None).unwrap_err();
    assert_eq!((error.stage, error.sent), (Stage::Tls, false), "{error}");
    assert!(error.reason.contains("ca-certificates"), "{error}");
    // A CA file alone is trust enough.
    let folder = tempfile::tempdir().unwrap();
    let settings = Settings {
        ca_file: Some(write(folder.path(), "ca.pem", &known.pem())),
        ..settings
    };
    assert_eq!(fetch(&settings, &url, None).unwrap(), b"ok");
    // Where the environment names the store, it is that one, whichever was used before.
    let settings = Settings {
        surroundings: Surroundings {
            ca_bundle: settings.ca_file,
            ..Surroundings::default()
        },
        ca_file: None,
        ..settings
    };
    assert_eq!(fetch(&settings, &url, None).unwrap(), b"ok");
}

#[test]
fn a_worker_finds_ca_certificates_that_were_installed_after_its_first_try() {
    let known = authority("known");
    let (address, _) = tls_server(&known, "localhost", false);
    let folder = tempfile::tempdir().unwrap();
    let settings = settings_with_bundle(folder.path().join("ca.pem"));
    let worker = HttpTransport::new(&settings);
    let send = || {
        let url = Url::parse(&format!("https://localhost:{}/", address.port())).unwrap();
        worker.send(Request::new(Method::GET, url), &CancelToken::new())
    };
    let error = send().err().unwrap();
    assert!(error.reason.contains("ca-certificates"), "{error}");
    write(folder.path(), "ca.pem", &known.pem());
    assert_eq!(send().unwrap().status, StatusCode::OK);
}

#[test]
fn no_certificates_are_being_read_while_the_process_forks() {
    let known = authority("known");
    let (address, _) = tls_server(&known, "localhost", false);
    let folder = tempfile::tempdir().unwrap();
    // A bundle that takes as long as this test wants.
    let bundle = folder.path().join("ca.pem");
    nix::unistd::mkfifo(&bundle, nix::sys::stat::Mode::S_IRWXU).unwrap();
    let settings = settings_with_bundle(bundle.clone());
    let fetching = thread::spawn(move || fetch(&settings, &format!("https://localhost:{}/", address.port()), None));
    // Opened once somebody reads.
    let mut bundle = std::fs::File::create(bundle).unwrap();
    let (told, hears) = std::sync::mpsc::channel();
    thread::spawn(move || {
        drop(squeeze_graph::transport::hold());
        told.send(())
    });
    assert!(hears.recv_timeout(Duration::from_millis(300)).is_err());
    bundle.write_all(known.pem().as_bytes()).unwrap();
    drop(bundle);
    hears.recv().unwrap();
    assert_eq!(fetching.join().unwrap().unwrap(), b"ok");
}

#[test]
fn a_proxy_of_the_environment_is_asked_unless_the_host_is_excepted() {
    let asked = Arc::new(AtomicUsize::new(0));
    let counted = asked.clone();
    let proxy = server(move |mut stream| {
        counted.fetch_add(usize::from(read_request(&mut stream)), Ordering::SeqCst);
    });
    let settings = Settings {
        surroundings: Surroundings {
            http_proxy: Some(format!("http://{proxy}")),
            no_proxy: Some("inside.invalid".to_owned()),
            ..Surroundings::default()
        },
        ..settings()
    };
    fetch(&settings, "http://inside.invalid/", None).unwrap_err();
    assert_eq!(asked.load(Ordering::SeqCst), 0);
    fetch(&settings, "http://outside.invalid/", None).unwrap_err();
    assert_eq!(asked.load(Ordering::SeqCst), 1);
}

#[test]
fn a_file_that_was_exchanged_makes_another_transport() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("file");
    for of in [
        |settings: &mut Settings, path: &Path| settings.ca_file = Some(path.to_owned()),
        |settings: &mut Settings, path: &Path| settings.proxy_auth_file = Some(path.to_owned()),
    ] {
        let mut settings = settings();
        of(&mut settings, &path);
        let key = || HttpTransport::key(&settings);
        std::fs::write(&path, "one").unwrap();
        let first = key();
        assert_eq!(key(), first);
        // As editors and secret mounts do it: another file under the same name, perhaps of the same size and time.
        let other = folder.path().join("other");
        std::fs::write(&other, "two").unwrap();
        let modified = std::fs::metadata(&path).unwrap().modified().unwrap();
        std::fs::File::options()
            .write(true)
            .open(&other)
            .unwrap()
            .set_modified(modified)
            .unwrap();
        std::fs::rename(&other, &path).unwrap();
        let second = key();
        assert_ne!(second, first);
        // Written over in place.
        std::fs::write(&path, "three").unwrap();
        assert_ne!(key(), second);
        std::fs::remove_file(&path).unwrap();
        assert_ne!(key(), second);
    }
}
