//! `MessageList`: a lazy list that is read page by page, and the iterator behind its `foreach`.
//!
//! These two hold Rust state (settings taken at the call, the place in the walk), so they are classes of ext-php-rs. What
//! they hold is plain data: they may be dropped anywhere, in a forked child as well.

use std::cell::{Cell, RefCell};
use std::sync::Arc;

use ext_php_rs::convert::IntoZval;
use ext_php_rs::flags::{ClassFlags, DataType};
use ext_php_rs::prelude::{php_class, php_impl};
use ext_php_rs::types::{ZendClassObject, Zval};
use ext_php_rs::zend::ce;

use super::operation::Operation;
use super::values::{count, message};
use super::zend::{self, Outcome, Raised, caught};
use crate::base::account::AccountName;
use crate::graph::value::Message;
use crate::service::messages::{self, MessageQuery, MessageWalk};

/// The messages of a folder.
#[php_class]
#[php(
    name = "Squeeze\\Graph\\MessageList",
    flags = ClassFlags::Final.union(ClassFlags::NoDynamicProperties)
)]
#[php(implements(ce = ce::aggregate, stub = "\\IteratorAggregate"))]
pub struct MessageList {
    source: Source,
}

/// What is listed.
#[derive(Clone)]
struct Source {
    operation: Operation,
    account: AccountName,
    query: MessageQuery,
}

/// An object as a result that Reflection shows as `\Iterator`.
pub struct IteratorObject(Zval);

impl IntoZval for IteratorObject {
    const TYPE: DataType = DataType::object("Iterator");
    const NULLABLE: bool = false;

    fn set_zval(self, target: &mut Zval, _persistent: bool) -> ext_php_rs::error::Result<()> {
        *target = self.0;
        Ok(())
    }
}

/// Lists messages; makes no request.
pub fn message_list(operation: Operation, account: AccountName, query: MessageQuery) -> Outcome {
    object(MessageList {
        source: Source {
            operation,
            account,
            query,
        },
    })
}

fn object<T: ext_php_rs::class::RegisteredClass>(state: T) -> Outcome {
    let mut value = Zval::new();
    ZendClassObject::new(state).set_zval(&mut value, false)?;
    Ok(value)
}

#[php_impl]
#[php(change_method_case = "camelCase")]
impl MessageList {
    /// Only `list_messages()` makes lists.
    #[php(vis = "private")]
    fn __construct() -> Result<Self, Raised> {
        Err(Raised::internal("Use list_messages()"))
    }

    /// A walk from the beginning.
    fn get_iterator(&self) -> Result<IteratorObject, Raised> {
        let iterator = MessageIterator::new(self.source.clone());
        object(iterator).map(IteratorObject)
    }

    /// How many messages there are, without a limit; one request.
    fn total(&self) -> Result<i64, Raised> {
        let Source {
            operation,
            account,
            query,
        } = self.source.clone();
        caught(|| {
            let total = operation
                .anew()
                .run(None, move |context| messages::total(context, &account, &query))?;
            Ok(count(total))
        })
    }
}

/// The place in a walk through a [`MessageList`].
///
/// PHP code runs while a page is fetched (a logger, a signal handler, another fiber) and may have this very object. So no method has it
/// for itself alone, and none works while another one fetches.
#[php_class]
#[php(
    name = "Squeeze\\Graph\\MessageIterator",
    flags = ClassFlags::Final.union(ClassFlags::NoDynamicProperties)
)]
#[php(implements(ce = ce::iterator, stub = "\\Iterator"))]
pub struct MessageIterator {
    source: Source,
    /// Never borrowed while PHP code can run.
    place: RefCell<Place>,
    /// A page is being fetched.
    busy: Cell<bool>,
}

/// How far a walk has come.
struct Place {
    operation: Operation,
    started: bool,
    /// None before the first step, and after one that failed: a walk is not taken up in the middle.
    walk: Option<MessageWalk>,
    page: std::vec::IntoIter<Message>,
    current: Option<Arc<Message>>,
    key: i64,
}

impl Place {
    /// Takes the next message of the page that is there; false at its end.
    fn step(&mut self) -> bool {
        self.current = self.page.next().map(Arc::new);
        self.current.is_some()
    }
}

/// The flag of a page that is being fetched, for as long as this lives.
struct Busy<'a>(&'a Cell<bool>);

impl<'a> Busy<'a> {
    fn new(flag: &'a Cell<bool>) -> Self {
        flag.set(true);
        Self(flag)
    }
}

impl Drop for Busy<'_> {
    fn drop(&mut self) {
        self.0.set(false);
    }
}

#[php_impl]
#[php(change_method_case = "camelCase")]
impl MessageIterator {
    /// Only a list makes iterators.
    #[php(vis = "private")]
    fn __construct() -> Result<Self, Raised> {
        Err(Raised::internal("Use list_messages()"))
    }

    /// Starts (again) from the beginning.
    fn rewind(&self) -> Result<(), Raised> {
        caught(|| self.restart())
    }

    /// Whether there is a current message.
    fn valid(&self) -> Result<bool, Raised> {
        caught(|| {
            self.begin()?;
            Ok(self.place.borrow().current.is_some())
        })
    }

    /// The current message.
    fn current(&self) -> Result<Zval, Raised> {
        caught(|| {
            self.begin()?;
            // Not under the borrow: what is built can start the collection of garbage, and with it destructors.
            let current = self.place.borrow().current.clone();
            current.map_or_else(|| Ok(Zval::null()), |current| zend::built(|| message(&current)))
        })
    }

    /// Its position.
    fn key(&self) -> Result<i64, Raised> {
        caught(|| {
            self.begin()?;
            Ok(self.place.borrow().key)
        })
    }

    /// The next message; a request at the end of each page.
    fn next(&self) -> Result<(), Raised> {
        caught(|| {
            self.begin()?;
            self.advance()
        })
    }
}

impl MessageIterator {
    fn new(source: Source) -> Self {
        Self {
            place: RefCell::new(Place {
                operation: source.operation.clone(),
                started: false,
                walk: None,
                page: Vec::new().into_iter(),
                current: None,
                key: 0,
            }),
            source,
            busy: Cell::new(false),
        }
    }

    /// Refuses a call from PHP code that runs while a page is fetched.
    fn is_free(&self) -> Outcome<()> {
        if self.busy.get() {
            return Err(Raised::internal(
                "The next messages are just being read: the list can not be walked from code that runs meanwhile",
            ));
        }
        Ok(())
    }

    fn begin(&self) -> Outcome<()> {
        self.is_free()?;
        let started = self.place.borrow().started;
        if started { Ok(()) } else { self.restart() }
    }

    fn restart(&self) -> Outcome<()> {
        self.is_free()?;
        {
            let mut place = self.place.borrow_mut();
            place.started = true;
            // A walk is a call: what an earlier one waited, this one may wait as well.
            place.operation = self.source.operation.anew();
            place.walk = Some(MessageWalk::new(self.source.query.clone()));
            place.page = Vec::new().into_iter();
            place.key = -1;
        }
        self.advance()
    }

    fn advance(&self) -> Outcome<()> {
        let (operation, mut walk) = {
            let mut place = self.place.borrow_mut();
            place.key += 1;
            if place.step() {
                return Ok(());
            }
            let Some(walk) = place.walk.take() else {
                return Ok(());
            };
            // A walk that goes on in a child of the process that began it has a budget there for all its pages.
            place.operation = place.operation.here();
            // Not kept beside the page that comes.
            place.page = Vec::new().into_iter();
            (place.operation.clone(), walk)
        };
        let account = self.source.account.clone();
        let fetching = Busy::new(&self.busy);
        let fetched = operation.run(None, move |context| {
            let page = walk.next_page(context, &account)?;
            Ok((walk, page))
        });
        drop(fetching);
        let (walk, page) = fetched?;
        let mut place = self.place.borrow_mut();
        place.walk = Some(walk);
        place.page = page.into_iter();
        place.step();
        Ok(())
    }
}
